/// Plugins whose handlers run on several threads.
#include "cast.hpp"
#include "keeper_client.hpp"

#include <csignal>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Keeping = keeping::Deed;

class Workers : public HostTest {
 protected:
  using Outcome = Result<Reply<keeping::Outcome>>;
  using PendingOutcome = Pending<keeping::Outcome>;

  static PluginConfiguration crowd() { return plugin("libhost_keeper-crowd.so"); }

  static auto order(Keeping deed, std::uint64_t number = 0) {
    return [=](flatbuffers::FlatBufferBuilder& build) { return keeping::CreateOrder(build, deed, number); };
  }
  static keeper::Client client(Host& host) { return host.client<keeper::Client>().value(); }
  /// Calls whose handlers run until they are cancelled.
  static std::vector<PendingOutcome> occupy(Host& host, std::size_t workers) {
    std::vector<PendingOutcome> running;
    for (std::size_t i = 0; i < workers; ++i)
      running.push_back(client(host).act_async(order(Keeping::UntilCancelled), {.deadline = 1h}).value());
    return running;
  }
};

TEST_F(Workers, as_many_as_its_manifest_says_serve_calls_side_by_side) {
  Host host = start({crowd()});
  auto running = occupy(host, 2);

  for (std::uint64_t number = 0; number < 20; ++number) {
    const Outcome outcome = client(host).act(order(Keeping::Echo, number), {.deadline = 30s});
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    EXPECT_EQ((*outcome)->number(), number);
  }

  running.clear();
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
}

TEST_F(Workers, a_host_asks_for_fewer_or_more_of_a_plugin_that_is_written_for_them) {
  auto two = crowd();
  two.workers = 2;
  Host host = start({two});
  auto running = occupy(host, 2);
  auto waits = client(host).act_async(order(Keeping::Echo, 7), {.deadline = 1h}).value();
  ASSERT_TRUE(await([&] { return snapshot_of(host, "keeper").sent == 3; }));
  EXPECT_FALSE(waits.ready());

  running.pop_back();

  EXPECT_EQ(waits.get().value()->number(), 7u);
}

TEST_F(Workers, more_than_one_is_refused_for_a_plugin_that_is_not_written_for_them) {
  auto keeper = plugin("libhost_keeper.so");
  keeper.workers = 2;

  const auto host = Host::start(with({keeper}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("keeper"), HasSubstr("2 workers"), HasSubstr("[serving]")));
}

TEST_F(Workers, more_than_the_sandbox_has_threads_for_are_refused) {
  auto keeper = crowd();
  keeper.sandbox.threads = 3;

  const auto host = Host::start(with({keeper}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("3 workers"), HasSubstr("sandbox.threads is 3")));
}

TEST_F(Workers, the_first_that_is_free_handles_what_is_urgent_beside_calls_that_run) {
  Host host = start({crowd()});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  std::vector<PendingOutcome> kept;
  for (const std::uint64_t number : {1, 2})
    kept.push_back(client(host).act_async(order(Keeping::Keep, number), {.deadline = 1h}).value());
  ASSERT_TRUE(await([&] { return snapshot_of(host, "keeper").deferred == 2; }));
  auto running = occupy(host, 2);

  ASSERT_TRUE(orders.publish(order(Keeping::Settle, 1), {.urgent = true}));
  EXPECT_EQ(kept[0].get().value()->number(), 1u);

  running.push_back(client(host).act_async(order(Keeping::UntilCancelled), {.deadline = 1h}).value());
  ASSERT_TRUE(orders.publish(order(Keeping::Settle, 2), {.urgent = true}));
  running.pop_back();  // one of three that are busy, or will be
  EXPECT_EQ(kept[1].get().value()->number(), 2u);
}

TEST_F(Workers, one_that_falls_over_what_is_urgent_makes_its_outcome_unknown_beside_those_of_the_others) {
  Host host = start({crowd()});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto running = occupy(host, 2);
  ASSERT_TRUE(client(host).act(order(Keeping::Echo), {.deadline = 30s})) << "calls are begun in their order";

  ASSERT_TRUE(orders.publish(order(Keeping::Fall), {.urgent = true}));
  await_event(host, HostEventKind::Ended, "keeper");

  for (auto& each : running) EXPECT_EQ(each.get().error().code, ErrorCode::OutcomeUnknown);
  EXPECT_TRUE(client(host).act(order(Keeping::Echo), {.deadline = 30s})) << "it was not sent again";
  EXPECT_EQ(receiver_of(host, "keeper.orders", "keeper").unknown, 1u);
  EXPECT_EQ(receiver_of(host, "keeper/act", "keeper").unknown, 2u);
}

TEST_F(Workers, a_death_ends_what_each_of_them_had_begun) {
  Host host = start({crowd()});
  auto running = occupy(host, 2);
  ASSERT_TRUE(client(host).act(order(Keeping::Echo), {.deadline = 30s})) << "calls are begun in their order";

  send_signal(pid_of(host, "keeper"), SIGKILL);

  for (auto& each : running) {
    const Outcome outcome = each.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::OutcomeUnknown);
  }
  EXPECT_TRUE(client(host).act(order(Keeping::Echo), {.deadline = 30s}));
  EXPECT_EQ(receiver_of(host, "keeper/act", "keeper").unknown, 2u);
}

}  // namespace
}  // namespace shunt::test
