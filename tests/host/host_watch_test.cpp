/// A plugin that is stuck is found out and ended; one that only works for long is left alone.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class Watch : public HostTest {
 protected:
  static bool has_ended(Host& host) {
    return std::ranges::any_of(host.events(), [](const auto& each) { return each.kind == HostEventKind::Ended; });
  }
};

TEST_F(Watch, a_short_deadline_does_not_end_the_long_call_of_somebody_else) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::string first;
  {
    const std::jthread slow(
        [&] { first = to_string(client.act(order({.deed = Deed::UntilCancelled}), {.deadline = 2s}).error()); });
    ASSERT_TRUE(await([&] { return snapshot_of(host, "actor").sent == 1; }));

    EXPECT_EQ(client.act(order({}), {.deadline = 5ms}).error().code, ErrorCode::DeadlineExceeded);
  }

  EXPECT_THAT(first, AnyOf(HasSubstr("DeadlineExceeded"), HasSubstr("Cancelled")));
  EXPECT_FALSE(has_ended(host));
  EXPECT_TRUE(client.act(order({}), {.deadline = 30s}));
}

TEST_F(Watch, a_publication_that_hangs_its_handler_is_noticed_although_nobody_fills_the_ring) {
  auto plugin = actor();
  plugin.handler_max = 100ms;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({.deed = Deed::Hang})));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("handler_max")));
}

TEST_F(Watch, a_nested_call_that_hangs_ends_the_called_plugin_and_not_the_caller) {
  Host host = start({actor(), partner()});
  auto client = host.client<partner::Client>().value();

  const auto asked = client.act(order({.deed = Deed::Ask, .then = Deed::Hang, .patience = 50ms}), {.deadline = 30s});

  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("past the deadline of a call"));
  EXPECT_TRUE(client.act(order({}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "partner").crashes, 0u);
}

TEST_F(Watch, a_consumer_at_its_cap_that_returns_every_chunk_is_not_stuck) {
  constexpr auto kHoldMax = 100ms;
  auto plugin = actor();
  plugin.inbound = {{256, 64}, {64u << 10, 2}};
  plugin.hold_max = kHoldMax;
  auto configuration = with({plugin});
  route(configuration, "stage.orders").slow_consumer = SlowConsumer::DropOldest;
  Host host = start(std::move(configuration));
  std::uint64_t handled = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++handled; });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(30'000, 't');
  const auto until = Clock::now() + 10 * kHoldMax;

  ASSERT_TRUE(poll_until(host, [&] {
    for (int i = 0; i < 100; ++i)
      static_cast<void>(orders.publish(order({.deed = Deed::Publish, .text = text, .count = 10})));
    return has_ended(host) || (handled > 0 && Clock::now() > until);
  }));

  EXPECT_FALSE(has_ended(host));
}

TEST_F(Watch, a_consumer_at_its_cap_that_returns_nothing_is_stuck) {
  auto plugin = actor();
  plugin.inbound = {{256, 64}, {64u << 10, 2}};
  plugin.hold_max = 100ms;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(30'000, 't');
  const Frozen frozen{host, "actor"};

  ASSERT_TRUE(await([&] {
    static_cast<void>(orders.publish(order({.text = text})));
    return has_ended(host);
  }));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("hold_max"));
}

/// How often threads of this process other than the calling one have gone to sleep.
std::uint64_t sleeps_of_other_threads() {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    if (task.path().filename() == std::to_string(::gettid())) continue;
    std::ifstream status{task.path() / "status"};
    std::string word;
    while (status >> word && word != "voluntary_ctxt_switches:") {
    }
    std::uint64_t sleeps = 0;
    status >> sleeps;
    sum += sleeps;
  }
  return sum;
}

TEST_F(Watch, a_host_without_traffic_wakes_no_thread_for_a_second) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer has a thread of its own in this process, which wakes several times a second";
#endif
  Host host = start({actor()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  ASSERT_TRUE(orders.publish(order({.text = std::string(1000, 't')})));
  ASSERT_TRUE(await([&] { return snapshot_of(host, "actor").done == 1; }));
  std::uint64_t seen = 0;
  auto since = Clock::now();

  EXPECT_TRUE(await([&] {
    if (std::exchange(seen, sleeps_of_other_threads()) != seen) since = Clock::now();
    return Clock::now() - since > 1s;
  }));
}

TEST_F(Watch, a_plugin_that_is_done_and_never_answers_is_ended_and_its_calls_give_their_places_back) {
  auto hostile = actor();
  hostile.config["breach"] = {std::string{"done without an answer"}};
  hostile.restart.crashes_max = 1;
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();

  ASSERT_TRUE(await([&] {
    static_cast<void>(client.act(order({}), {.deadline = 1ms}));
    return has_ended(host);
  }));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("sent no answer")));
  EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; }));
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
}

}  // namespace
}  // namespace shunt::test
