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

/// A process that writes its side of the lane as it likes, and how a host is started with it.
class Pretence : public Watch {
 protected:
  static HostConfiguration pretending(const std::string& act, std::chrono::nanoseconds grace,
                                      std::chrono::nanoseconds handler_max) {
    auto hostile = actor();
    hostile.config["breach"] = {act};
    hostile.grace = grace;
    hostile.handler_max = handler_max;
    hostile.restart.crashes_max = 1;
    auto configuration = with({hostile, partner()});
    configuration.launcher = HOSTILE_LAUNCHER;
    return configuration;
  }
  static void expect_serving(Host& host) {
    EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s})) << "the others serve on";
    EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; }));
  }
};

class Spinning : public Pretence, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, Spinning,
                         testing::Values("spinning behind fresh marks", "spinning behind marks that stand still",
                                         "spinning while it publishes"));

TEST_P(Spinning, is_found_out_by_the_call_that_is_in_flight_whatever_the_plugin_writes) {
  Host host = start(pretending(GetParam(), 100ms, 1h));
  auto client = host.client<actor::Client>().value();

  EXPECT_EQ(client.act(order({}), {.deadline = 20ms}).error().code, ErrorCode::DeadlineExceeded);

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("past the deadline of a call of \"actor/act\"")));
  expect_serving(host);
}

TEST_F(Pretence, of_being_done_without_giving_a_slot_back_lasts_for_handler_max) {
  Host host = start(pretending("done and never read", 1h, 100ms));
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({})));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("handler_max")));
  expect_serving(host);
}

TEST_F(Pretence, of_working_off_what_stands_before_a_call_lasts_for_handler_max_in_all) {
  Host host = start(pretending("done one by one, and slowly", 100ms, 1s));
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(orders.publish(order({})));

  EXPECT_EQ(client.act(order({}), {.deadline = 20ms}).error().code, ErrorCode::DeadlineExceeded);

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("does not finish what it was sent before")));
  expect_serving(host);
}

TEST_F(Watch, one_that_answers_late_and_within_the_grace_is_left_alone) {
  auto slow = actor();
  slow.grace = slow.handler_max = 1h;
  auto stuck = partner();
  stuck.grace = 50ms;
  Host host = start({slow, stuck});
  const auto before = snapshot_of(host, "actor").instance;
  auto client = host.client<actor::Client>().value();
  {
    const Frozen late{host, "actor"};
    const Frozen never{host, "partner"};
    EXPECT_EQ(client.act(order({}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);
    EXPECT_EQ(host.client<partner::Client>().value().act(order({}), {.deadline = 1ms}).error().code,
              ErrorCode::DeadlineExceeded);

    await_event(host, HostEventKind::Ended, "partner");
  }

  EXPECT_TRUE(client.act(order({}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "actor").instance, before);
  EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; })) << "its late answer was taken";
}

}  // namespace
}  // namespace shunt::test
