/// Calls to an idempotent function that its plugin fails: tried again, and not without end.
#include "cast.hpp"

#include <string>
#include <type_traits>
#include <vector>

namespace shunt::test {
namespace {

const std::string kRepeat = "actor/repeat";

class Retries : public HostTest {
 protected:
  using Client = actor::Client;

  static RouteSnapshot of(Host& host, const std::string& function) {
    for (RouteSnapshot& each : host.snapshot().routes)
      if (each.name == function) return each;
    return {};
  }
  /// How often its handlers threw.
  static std::uint64_t thrown(Host& host) { return snapshot_of(host, "actor").exceptions; }
};

TEST_F(Retries, answer_the_caller_however_it_has_called) {
  Host host = start({actor()});
  auto client = host.client<Client>().value();
  const Order first{.deed = Deed::ThrowFirst, .number = 7};

  const auto waited = client.repeat(order(first), {.deadline = kPatience});
  ASSERT_TRUE(waited) << to_string(waited.error());
  EXPECT_EQ((*waited)->number(), 7u);
  EXPECT_TRUE((*waited)->redelivered());
  auto pending = client.repeat_async(order(first), {.deadline = kPatience});
  ASSERT_TRUE(pending);
  EXPECT_TRUE(pending->get());
  bool called_back = false;
  const auto started =
      client.repeat_async(order(first), {.deadline = kPatience}, [&](Result<Reply<stage::Outcome>> reply) {
        called_back = true;
        EXPECT_TRUE(reply);
      });
  ASSERT_TRUE(started);
  EXPECT_TRUE(poll_until(host, [&] { return called_back; }));

  EXPECT_EQ(thrown(host), 3u);
  EXPECT_EQ(of(host, kRepeat).retried, 3u);
  EXPECT_EQ(of(host, kRepeat).in_flight, 0u);
}

TEST_F(Retries, are_for_functions_that_are_idempotent) {
  Host host = start({actor()});

  EXPECT_FALSE(host.client<Client>().value().act(order({.deed = Deed::ThrowFirst}), {.deadline = kPatience}));

  EXPECT_EQ(thrown(host), 1u);
  EXPECT_EQ(of(host, "actor/act").retried, 0u);
}

TEST_F(Retries, end_after_as_many_as_the_route_has) {
  for (const std::uint32_t retries : {0u, 1u, 3u}) {
    HostConfiguration configuration = with({actor()});
    route(configuration, kRepeat).retries = retries;
    Host host = start(std::move(configuration));

    const auto reply = host.client<Client>().value().repeat(order({.deed = Deed::Throw}), {.deadline = kPatience});

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::PluginFailed);
    EXPECT_EQ(thrown(host), 1u + retries);
  }
}

TEST_F(Retries, are_one_of_five_calls_and_ten_more_when_all_fail) {
  Host host = start({actor()});
  auto client = host.client<Client>().value();

  for (int i = 0; i < 500; ++i) EXPECT_FALSE(client.repeat(order({.deed = Deed::Throw}), {.deadline = kPatience}));

  const RouteSnapshot route = of(host, kRepeat);
  EXPECT_LE(route.retried, 110u);
  EXPECT_GE(route.retried, 100u);
  EXPECT_EQ(thrown(host), 500u + route.retried);
  EXPECT_GT(route.retries_refused, 0u);
}

TEST_F(Retries, are_not_for_what_is_the_callers_own_fault_or_too_late) {
  Host host = start({actor()});
  auto client = host.client<Client>().value();

  EXPECT_EQ(client.repeat(order({.deed = Deed::Fail}), {.deadline = kPatience}).error().code, ErrorCode::BadInput);
  EXPECT_FALSE(client.repeat(order({.deed = Deed::UntilCancelled}), {.deadline = 1ms})) << "whoever notices first";

  EXPECT_TRUE(poll_until(host, [&] { return of(host, kRepeat).in_flight == 0; }));
  EXPECT_EQ(of(host, kRepeat).retried, 0u);
}

TEST_F(Retries, have_the_same_request_also_when_it_lies_in_a_chunk) {
  Host host = start({actor()});
  auto client = host.client<Client>().value();
  const std::string text(3000, 'x');

  for (int i = 0; i < 200; ++i) {
    const auto reply = client.repeat(order({.deed = i % 10 == 0 ? Deed::ThrowFirst : Deed::Echo, .text = text}),
                                     {.deadline = kPatience});
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->text()->str(), text);
  }

  EXPECT_EQ(of(host, kRepeat).retried, 20u);
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Retries, of_many_calls_that_are_on_their_way_are_each_its_own) {
  constexpr std::uint64_t kCalls = 600;
  HostConfiguration configuration = with({actor()});
  route(configuration, kRepeat).backlog = kCalls;
  Host host = start(std::move(configuration));
  auto client = host.client<Client>().value();
  std::vector<std::decay_t<decltype(client.repeat_async(order({})).value())>> pending;
  for (std::uint64_t i = 0; i < kCalls; ++i)
    pending.push_back(client
                          .repeat_async(order({.deed = i % 60 == 0 ? Deed::ThrowFirst : Deed::Echo, .number = i}),
                                        {.deadline = kPatience})
                          .value());

  for (std::uint64_t i = 0; i < kCalls; ++i) {
    const auto reply = pending[i].get();
    ASSERT_TRUE(reply) << i << ": " << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), i);
  }

  EXPECT_EQ(of(host, kRepeat).retried, kCalls / 60);
}

TEST_F(Retries, can_be_cancelled_while_they_wait) {
  Host host = start({actor()});
  auto client = host.client<Client>().value();
  auto before = client.repeat_async(order({.deed = Deed::ThrowFirst}), {.deadline = kPatience}).value();
  auto busy = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kPatience}).value();
  ASSERT_TRUE(await([&] { return static_cast<void>(host.poll()), of(host, kRepeat).retried == 1; }));

  EXPECT_TRUE(before.cancel());

  EXPECT_EQ(before.get().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(busy.cancel());
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
}

TEST_F(Retries, go_to_any_instance_of_several) {
  PluginConfiguration crowd = actor();
  crowd.instances = 2;
  HostConfiguration configuration = with({crowd});
  Host host = start(std::move(configuration));
  auto client = host.client<Client>().value();

  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(client.repeat(order({.deed = i % 10 == 0 ? Deed::ThrowFirst : Deed::Echo}), {.deadline = kPatience}));

  EXPECT_EQ(of(host, kRepeat).retried, 10u);
}

}  // namespace
}  // namespace shunt::test
