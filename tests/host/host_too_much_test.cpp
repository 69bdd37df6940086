/// What happens when somebody asks for more than a quota: each of them, and its counters.
#include "cast.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Quotas : public HostTest {};

TEST_F(Quotas, a_payload_that_no_size_class_holds_is_too_large) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(100'000, 't');

  const auto called = client.act(order({.text = text}));
  const auto published = orders.publish(order({.text = text}));
  const auto answered = client.act(order({.bytes = 100'000}));

  for (const Error& error : {called.error(), published.error()}) {
    EXPECT_EQ(error.code, ErrorCode::TooLarge);
    EXPECT_THAT(error.message, AllOf(HasSubstr("65536"), HasSubstr("`inbound`")));
  }
  EXPECT_EQ(answered.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(answered.error().message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr("`outbound`")));
  EXPECT_EQ(chunks_in_use(host), 0u);
}

TEST_F(Quotas, a_payload_that_does_not_fit_a_route_without_chunks_is_too_large) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").payload = PayloadPlace::Inline;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();

  const auto called = client.act(order({.text = std::string(300, 't')}));

  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(called.error().message, AllOf(HasSubstr("actor/act"), HasSubstr("192"), HasSubstr("`payload`")));
  EXPECT_EQ(chunks_in_use(host), 0u);
  EXPECT_TRUE(client.act(order({.text = "small"})));
}

TEST_F(Quotas, a_used_up_pool_is_a_quota_that_says_which) {
  Host host = start({actor()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(3000, 't');
  std::optional<Error> refused;
  {
    const Frozen frozen{host, "actor"};
    for (int i = 0; i < 200 && !refused; ++i)
      if (const auto sent = orders.publish(order({.text = text})); !sent) refused = sent.error();
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(refused->message, AllOf(HasSubstr("64 chunks of 4096 bytes"), HasSubstr("`inbound`")));
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), chunks_in_use(host) == 0; }));
  EXPECT_TRUE(orders.publish(order({.text = text})));
}

TEST_F(Quotas, a_plugin_that_may_hold_one_chunk_gets_the_next_as_soon_as_it_returned_it) {
  auto plugin = actor();
  plugin.inbound = {{256, 16}, {64u << 10, 4}};
  plugin.hold_max = 1h;
  Host host = start({plugin});
  std::size_t heard = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(20'000, 't');

  for (std::size_t sent = 2; sent <= 100; sent += 2) {
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .text = text})));
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .text = text})));
    ASSERT_TRUE(poll_until(host, [&] { return heard == sent; }));
  }
}

TEST_F(Quotas, publications_leave_an_eighth_of_what_a_plugin_may_hold_to_requests) {
  constexpr std::size_t kCap = 16;  // half of what the reserve leaves, for each of two instances during a switch
  auto plugin = actor();
  plugin.inbound = {{256, 16}, {64u << 10, 36}};
  auto configuration = with({plugin});
  for (const std::string name : {"stage.orders", "actor/act"}) route(configuration, name).backlog = 0;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(20'000, 't');
  {
    const Frozen frozen{host, "actor"};
    std::size_t published = 0;
    while (orders.publish(order({.text = text}))) ++published;
    EXPECT_EQ(published, kCap - kCap / 8 + 1);  // the last one waits: that it does is known after it was accepted

    for (std::size_t i = 0; i < kCap / 8; ++i)
      EXPECT_EQ(client.act(order({.text = text}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);
    EXPECT_EQ(client.act(order({.text = text}), {.deadline = 1ms}).error().code, ErrorCode::RingFull);
  }
  EXPECT_TRUE(await([&] { return orders.publish(order({.text = text})).has_value(); }));
}

TEST_F(Quotas, calls_without_an_answer_are_as_many_as_the_route_says) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").in_flight_max = 3;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  {
    const Frozen frozen{host, "actor"};
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(client.act(order({}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);

    const auto one_more = client.act(order({}), {.deadline = 1ms});

    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error().code, ErrorCode::QuotaExceeded);
    EXPECT_THAT(one_more.error().message, AllOf(HasSubstr("\"actor/act\" has 3 calls in flight"), HasSubstr("3 may be"),
                                                HasSubstr("`in_flight_max`")));
  }
  EXPECT_TRUE(poll_until(host, [&] { return host.snapshot().in_flight == 0; }));
  EXPECT_TRUE(client.act(order({})));
}

}  // namespace
}  // namespace shunt::test
