/// Versions whose calls fail, and the one that stands in for them.
#include "cast.hpp"
#include "gate.hpp"

#include <algorithm>
#include <csignal>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kAct = "actor/act";

/// Opens with the tenth call of which most fail, and tries again after an hour.
BreakerPolicy quick() {
  return {.windows = 10,
          .window = 1h,
          .below_for = {},
          .calls_min = 10,
          .slow_after = {},
          .open_for = 1h,
          .probes = 4,
          .probes_within = 1h};
}

/// The same, and tries again at once.
BreakerPolicy insistent() {
  BreakerPolicy policy = quick();
  policy.open_for = 1ms;
  return policy;
}

/// The second version serves, and the first one stands in for it.
HostConfiguration guarded(const BreakerPolicy& policy, bool warm = true) {
  auto lts = actor(), serving = actor_2();
  lts.warm = warm;
  serving.active = true;
  HostConfiguration configuration = with({lts, serving});
  route(configuration, kAct).lts = "1.0.0";
  route(configuration, kAct).breaker = policy;
  return configuration;
}

class Breakers : public HostTest {
 protected:
  using Client = actor::Client;

  /// Which version answers.
  static std::uint32_t answered_by(Host& host) {
    const auto reply = host.client<Client>().value().act(order({}), {.deadline = kPatience});
    return reply ? (*reply)->version() : 0;
  }
  static void fail(Host& host, int calls, Deed deed = Deed::Throw) {
    auto client = host.client<Client>().value();
    for (int i = 0; i < calls; ++i) EXPECT_FALSE(client.act(order({.deed = deed}), {.deadline = kPatience}));
  }
  /// So many that are on their way.
  static auto begin(Host& host, int calls, const Order& what) {
    auto client = host.client<Client>().value();
    std::vector<std::decay_t<decltype(client.act_async(order(what)).value())>> pending;
    pending.reserve(static_cast<std::size_t>(calls));
    for (int i = 0; i < calls; ++i) pending.push_back(client.act_async(order(what), {.deadline = kPatience}).value());
    return pending;
  }
  static BreakerSnapshot breaker(Host& host) {
    for (const RouteSnapshot& route : host.snapshot().routes)
      if (route.name == kAct && !route.breakers.empty()) return route.breakers.front();
    return {};
  }
  static bool becomes(Host& host, const std::string& state) {
    return await([&] { return breaker(host).state == state; });
  }
  static std::uint64_t calls_counted(Host& host) {
    std::uint64_t sum = 0;
    for (const auto& window : breaker(host).windows) sum += window.calls;
    return sum;
  }
  static PluginSnapshot of_version(Host& host, std::string_view version) {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "actor" && each.version.starts_with(version) && each.state == "Active") return each;
    return {};
  }
  static std::int64_t pid_of_version(Host& host, std::string_view version) {
    EXPECT_TRUE(await([&] { return of_version(host, version).pid > 0; }));
    return of_version(host, version).pid;
  }
  static std::size_t count_children() { return Belongings::now().children.size(); }
};

TEST_F(Breakers, lead_calls_to_the_lts_when_too_many_fail) {
  Host host = start(guarded(quick()));
  ASSERT_EQ(answered_by(host), 2u);

  fail(host, 20);

  ASSERT_TRUE(becomes(host, "Open"));
  EXPECT_EQ(answered_by(host), 1u);
  const HostEvent opened = await_event(host, HostEventKind::BreakerOpened, "actor");
  EXPECT_EQ(opened.route, kAct);
  EXPECT_THAT(opened.version, HasSubstr("2.0.0"));
  EXPECT_THAT(opened.text, AllOf(HasSubstr("calls succeeded"), HasSubstr("calls go to 1.0.0")));
}

TEST_F(Breakers, leave_other_routes_where_they_are) {
  Host host = start(guarded(quick()));

  fail(host, 20);

  ASSERT_TRUE(becomes(host, "Open"));
  auto client = host.client<Client>().value();
  EXPECT_EQ(client.repeat(order({}), {.deadline = kPatience}).value()->version(), 2u);
}

TEST_F(Breakers, count_nothing_that_is_the_callers_own_fault) {
  Host host = start(guarded(quick()));

  fail(host, 50, Deed::Fail);

  EXPECT_EQ(breaker(host).state, "Closed");
  EXPECT_EQ(calls_counted(host), 0u);
  EXPECT_EQ(answered_by(host), 2u);
}

TEST_F(Breakers, do_not_judge_by_fewer_calls_than_they_take) {
  Host host = start(guarded(quick()));

  fail(host, 9);

  EXPECT_EQ(calls_counted(host), 9u);
  EXPECT_EQ(breaker(host).state, "Closed");
  fail(host, 1);
  EXPECT_TRUE(becomes(host, "Open"));
}

TEST_F(Breakers, count_a_deadline_that_passes) {
  Host host = start(guarded(quick()));
  auto client = host.client<Client>().value();

  for (int i = 0; i < 10; ++i)  // who hears of it first says so
    EXPECT_FALSE(client.act(order({.deed = Deed::UntilCancelled}), {.deadline = 5ms}));

  ASSERT_TRUE(becomes(host, "Open"));
  EXPECT_EQ(answered_by(host), 1u);
}

TEST_F(Breakers, count_calls_that_were_cut_off_by_a_death) {
  auto policy = quick();
  policy.calls_min = 1;
  Host host = start(guarded(policy));

  fail(host, 1, Deed::Crash);

  ASSERT_TRUE(becomes(host, "Open"));
  EXPECT_EQ(answered_by(host), 1u);
}

TEST_F(Breakers, count_slow_calls_while_they_are_in_flight) {
  BreakerPolicy policy = quick();
  policy.slow_after = 10ms;
  Host host = start(guarded(policy));

  auto pending = begin(host, 10, {.deed = Deed::UntilCancelled});

  ASSERT_TRUE(becomes(host, "Open"));
  EXPECT_EQ(breaker(host).in_flight, 10u);
  EXPECT_EQ(answered_by(host), 1u);
  EXPECT_THAT(await_event(host, HostEventKind::BreakerOpened, "actor").text, HasSubstr("10 were slow"));
  for (auto& each : pending) EXPECT_TRUE(each.cancel());
  EXPECT_TRUE(await([&] { return breaker(host).in_flight == 0; }));
  EXPECT_EQ(calls_counted(host), 10u) << "a slow call counts once, however it ends";
}

TEST_F(Breakers, let_the_version_have_its_calls_again_when_those_that_try_it_succeed) {
  Host host = start(guarded(insistent()));
  fail(host, 10);
  const auto opened = await_event(host, HostEventKind::BreakerOpened, "actor");

  const bool closed = await([&] { return answered_by(host) != 0 && breaker(host).state == "Closed"; });

  ASSERT_TRUE(closed);
  await_event(host, HostEventKind::BreakerHalfOpen, "actor", opened.number);
  await_event(host, HostEventKind::BreakerClosed, "actor", opened.number);
  EXPECT_EQ(answered_by(host), 2u);
}

TEST_F(Breakers, open_again_when_those_that_try_it_fail) {
  Host host = start(guarded(insistent()));
  fail(host, 10);
  const auto opened = await_event(host, HostEventKind::BreakerOpened, "actor");
  ASSERT_TRUE(becomes(host, "HalfOpen"));
  const auto tried = await_event(host, HostEventKind::BreakerHalfOpen, "actor", opened.number);

  fail(host, 4);

  await_event(host, HostEventKind::BreakerOpened, "actor", tried.number);
}

TEST_F(Breakers, try_a_version_again_with_as_many_calls_as_they_may_and_no_more) {
  Host host = start(guarded(insistent()));
  fail(host, 10);
  ASSERT_TRUE(becomes(host, "HalfOpen"));

  auto pending = begin(host, 20, {.deed = Deed::UntilCancelled});

  EXPECT_EQ(breaker(host).state, "HalfOpen");
  EXPECT_EQ(breaker(host).in_flight, 4u);
  for (auto& each : pending) EXPECT_TRUE(each.cancel());
  EXPECT_TRUE(await([&] { return breaker(host).in_flight == 0; }));
}

TEST_F(Breakers, start_a_cold_lts_and_let_it_end_when_it_is_not_wanted_any_more) {
  Host host = start(guarded(insistent(), false));
  ASSERT_EQ(count_children(), 1u);
  ASSERT_EQ(answered_by(host), 2u);

  fail(host, 10);

  ASSERT_TRUE(await([&] { return answered_by(host) == 1; }));
  EXPECT_EQ(count_children(), 2u);
  ASSERT_TRUE(await([&] { return answered_by(host) != 0 && breaker(host).state == "Closed"; }));
  EXPECT_TRUE(await([] { return count_children() == 1; }));
  EXPECT_EQ(answered_by(host), 2u);
}

TEST_F(Breakers, let_calls_wait_for_a_cold_lts) {
  Host host = start(guarded(quick(), false));
  fail(host, 10);
  ASSERT_TRUE(becomes(host, "Open"));

  auto pending = begin(host, 20, {});

  for (auto& each : pending) {
    const auto reply = each.get();
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->version(), 1u);
  }
}

TEST_F(Breakers, let_a_cold_lts_end_that_nobody_wants_any_more_when_it_is_up) {
  const Gate gate{LAUNCHER};
  auto configuration = guarded(insistent(), false);
  configuration.launcher = gate.launcher();
  Host host = start(configuration);
  gate.hold_next("lts");
  fail(host, 10);
  ASSERT_TRUE(await([&] { return gate.holds("lts"); }));
  auto pending = begin(host, 1, {});
  ASSERT_TRUE(poll_until(host, [&] {
    pending.push_back(std::move(begin(host, 1, {}).front()));
    return breaker(host).state == "Closed";
  }));
  const auto closed = await_event(host, HostEventKind::BreakerClosed, "actor");

  gate.let_through("lts");

  await_event(host, HostEventKind::Active, "actor", closed.number);
  for (auto& each : pending) EXPECT_TRUE(each.get());
  await_event(host, HostEventKind::Ended, "actor", closed.number);
  EXPECT_EQ(answered_by(host), 2u);
}

TEST_F(Breakers, hand_on_what_waits_for_a_version_that_stands_still) {
  BreakerPolicy policy = quick();
  policy.slow_after = 10ms;
  auto configuration = guarded(policy);
  for (PluginConfiguration& each : configuration.plugins) each.slots = 16;
  Host host = start(configuration);
  {
    const Frozen frozen{pid_of_version(host, "2.0.0")};

    auto pending = begin(host, 60, {});

    ASSERT_TRUE(becomes(host, "Open"));
    // What stands in the ring of the one that stands still is its own.
    ASSERT_TRUE(
        await([&] { return std::ranges::count_if(pending, [](auto& each) { return each.ready(); }) >= 60 - 16; }));
    for (auto& each : pending) each.cancel();
  }
}

TEST_F(Breakers, let_an_lts_that_crashed_have_its_delay) {
  auto configuration = guarded(quick(), false);
  for (PluginConfiguration& each : configuration.plugins) each.restart.delay_first = each.restart.delay_max = 1h;
  Host host = start(configuration);
  fail(host, 10);
  ASSERT_TRUE(await([&] { return answered_by(host) == 1; }));

  send_signal(pid_of_version(host, "1.0.0"), SIGKILL);

  await_event(host, HostEventKind::Restarting, "actor");
  EXPECT_EQ(of_version(host, "1.0.0").pid, 0);
  EXPECT_EQ(count_children(), 1u);
}

TEST_F(Breakers, lead_calls_to_the_lts_when_the_version_is_in_quarantine) {
  auto configuration = guarded(quick(), false);
  for (PluginConfiguration& each : configuration.plugins) each.restart.crashes_max = 1;
  Host host = start(configuration);
  ASSERT_EQ(answered_by(host), 2u);

  send_signal(pid_of_version(host, "2.0.0"), SIGKILL);

  await_event(host, HostEventKind::Quarantined, "actor");
  EXPECT_EQ(answered_by(host), 1u);
}

TEST_F(Breakers, end_with_the_version_that_a_switch_led_away_from) {
  Host host = start(guarded(quick()));
  fail(host, 10);
  ASSERT_TRUE(becomes(host, "Open"));

  ASSERT_TRUE(host.switch_to("actor", "1.0.0"));

  EXPECT_EQ(answered_by(host), 1u);
  EXPECT_EQ(breaker(host).state, "") << "the lts itself serves: nobody stands in for it";
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_EQ(breaker(host).state, "Closed");
  EXPECT_EQ(answered_by(host), 2u);
}

TEST_F(Breakers, hear_nothing_of_an_lts_that_is_kept_warm) {
  Host host = start(guarded(quick()));

  for (int i = 0; i < 50; ++i) ASSERT_EQ(answered_by(host), 2u);

  const PluginSnapshot lts = of_version(host, "1.0.0");
  EXPECT_EQ(lts.state, "Active");
  EXPECT_EQ(lts.sent, 0u);
}

}  // namespace
}  // namespace shunt::test
