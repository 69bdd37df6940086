#include "breaker.hpp"

#include <limits>
#include <random>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;

const Breaker::TimePoint kStart{1h};

/// A breaker, and calls that come evenly.
struct Route {
  explicit Route(const BreakerPolicy& policy) : breaker(policy, kStart) {}

  /// One call in each step; the first `failing` of each 1,000 fail. Until `duration` has passed or the state changes.
  std::optional<BreakerState> call_for(std::chrono::nanoseconds duration, std::uint32_t failing,
                                       std::chrono::nanoseconds step = 1ms) {
    for (const auto end = now + duration; now < end;) {
      now += step;
      ++counts.calls;
      counts.failed += nth++ % 1000 < failing ? 1 : 0;
      if (const auto changed = breaker.look(now, counts)) return changed;
    }
    return std::nullopt;
  }
  /// Looks, and nobody calls.
  std::optional<BreakerState> wait_for(std::chrono::nanoseconds duration, const Probes& probes = {}) {
    return breaker.look(now += duration, counts, probes);
  }
  /// So many in one window, and then the time that it takes to open, at a constant share of failures.
  std::optional<BreakerState> hold(std::uint64_t calls, std::uint64_t failed) {
    const BreakerPolicy& policy = breaker.policy();
    for (auto waited = 0ns; waited <= policy.below_for; waited += policy.window) {
      counts += {.calls = calls, .failed = failed};
      if (const auto changed = wait_for(policy.window)) return changed;
    }
    return std::nullopt;
  }

  Breaker breaker;
  CallCounts counts;
  Breaker::TimePoint now = kStart;
  std::uint64_t nth = 0;
};

Route open(const BreakerPolicy& policy = BreakerPolicy::fast()) {
  Route route{policy};
  if (route.hold(1000, 1000) != BreakerState::Open) throw std::runtime_error("it does not open");
  return route;
}

Route half_open(const BreakerPolicy& policy = BreakerPolicy::fast()) {
  Route route = open(policy);
  if (route.wait_for(policy.open_for) != BreakerState::HalfOpen) throw std::runtime_error("it does not try again");
  return route;
}

TEST(Breaker, has_the_presets_that_are_promised) {
  const BreakerPolicy usual, fast = BreakerPolicy::fast();

  EXPECT_EQ(usual.windows * usual.window, 60s);
  EXPECT_EQ(usual.windows, 10u);
  EXPECT_EQ(usual.success_min, 950u);
  EXPECT_EQ(usual.below_for, 2min);
  EXPECT_EQ(fast.windows * fast.window, 1s);
  EXPECT_EQ(fast.windows, 10u);
  EXPECT_EQ(fast.success_min, 950u);
  EXPECT_EQ(fast.below_for, 500ms);
}

TEST(Breaker, opens_at_949_of_1000_and_neither_at_950_nor_at_951) {
  for (const BreakerPolicy& policy : {BreakerPolicy{}, BreakerPolicy::fast()}) {
    EXPECT_EQ(Route{policy}.hold(1000, 51), BreakerState::Open);
    EXPECT_EQ(Route{policy}.hold(1000, 50), std::nullopt);
    EXPECT_EQ(Route{policy}.hold(1000, 49), std::nullopt);
  }
}

TEST(Breaker, does_not_open_with_fewer_calls_than_it_takes_to_judge) {
  BreakerPolicy policy = BreakerPolicy::fast();
  policy.calls_min = 100;
  policy.windows = 1;

  EXPECT_EQ(Route{policy}.hold(99, 99), std::nullopt);
  EXPECT_EQ(Route{policy}.hold(100, 100), BreakerState::Open);
}

TEST(Breaker, opens_when_it_has_been_below_for_two_minutes_and_not_before) {
  Route route{BreakerPolicy{}};
  ASSERT_EQ(route.call_for(60s, 0, 10ms), std::nullopt);
  ASSERT_EQ(route.call_for(30s, 1000, 10ms), std::nullopt);
  ASSERT_TRUE(route.breaker.below_since());
  const auto opens = *route.breaker.below_since() + 2min;

  EXPECT_EQ(route.call_for(opens - route.now - 10ms, 1000, 10ms), std::nullopt);
  EXPECT_EQ(route.call_for(10ms, 1000, 10ms), BreakerState::Open);
  EXPECT_EQ(route.now, opens);
}

TEST(Breaker, counts_anew_when_enough_have_succeeded_for_one_moment) {
  Route route{BreakerPolicy::fast()};
  ASSERT_EQ(route.call_for(400ms, 1000), std::nullopt);
  ASSERT_TRUE(route.breaker.below_since());

  route.counts.calls += 10'000;
  ASSERT_EQ(route.wait_for(1ms), std::nullopt);

  EXPECT_FALSE(route.breaker.below_since());
}

TEST(Breaker, forgets_what_is_older_than_its_windows) {
  Route route{BreakerPolicy::fast()};
  ASSERT_EQ(route.call_for(400ms, 1000), std::nullopt);

  EXPECT_EQ(route.wait_for(1h), std::nullopt) << "nobody has called since";

  EXPECT_EQ(route.breaker.sum(), CallCounts{});
  EXPECT_EQ(route.breaker.windows().size(), 10u);
  EXPECT_LE(route.now - route.breaker.windows().back().from, 100ms);
}

TEST(Breaker, never_opens_at_999_of_1000_in_a_million_windows) {
  Route route{BreakerPolicy::fast()};
  std::mt19937_64 random{42};
  std::binomial_distribution<std::uint64_t> failures{100, 0.001};

  for (int window = 0; window < 1'000'000; ++window) {
    route.counts += {.calls = 100, .failed = failures(random)};
    ASSERT_EQ(route.wait_for(100ms), std::nullopt) << "in window " << window;
  }
}

TEST(Breaker, opens_within_the_share_of_a_window_of_the_least_that_its_policy_allows) {
  for (const std::uint32_t failing : {60u, 100u, 500u, 1000u}) {
    Route route{BreakerPolicy::fast()};
    // Evenly, before and after: each millisecond has 1,000 calls.
    const auto call_for_1ms = [&](std::uint32_t of_which) {
      route.counts += {.calls = 1000, .failed = of_which};
      return route.wait_for(1ms);
    };
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(call_for_1ms(0), std::nullopt);
    const auto least = least_until_open(route.breaker.policy(), failing).value();
    const auto began = route.now;
    std::optional<BreakerState> changed;
    while (!changed && route.now - began < 10s) changed = call_for_1ms(failing);

    EXPECT_EQ(changed, BreakerState::Open);
    EXPECT_GE(route.now - began, least) << failing;
    EXPECT_LE(route.now - began, least + 100ms * 50 / failing + 2ms) << failing;
  }
  EXPECT_EQ(least_until_open(BreakerPolicy::fast(), 50), std::nullopt);
}

TEST(Breaker, says_when_it_is_due_though_nobody_calls) {
  Route route{BreakerPolicy::fast()};
  EXPECT_EQ(route.breaker.due(), Breaker::TimePoint::max());

  ASSERT_EQ(route.call_for(100ms, 1000), std::nullopt);
  ASSERT_TRUE(route.breaker.below_since());
  EXPECT_EQ(route.breaker.due(), *route.breaker.below_since() + 500ms);

  ASSERT_EQ(route.call_for(1s, 1000), BreakerState::Open);
  EXPECT_EQ(route.breaker.due(), route.breaker.since() + 1s);
  ASSERT_EQ(route.wait_for(1s), BreakerState::HalfOpen);
  EXPECT_EQ(route.breaker.due(), route.breaker.since() + 500ms);
}

TEST(Breaker, takes_slow_calls_for_failed_ones) {
  Route route{BreakerPolicy::fast()};
  std::optional<BreakerState> changed;
  for (int i = 0; i < 6 && !changed; ++i) {
    route.counts += {.calls = 100, .slow = 100};
    changed = route.wait_for(100ms);
  }

  EXPECT_EQ(changed, BreakerState::Open);
  EXPECT_EQ(route.breaker.sum().slow, route.breaker.sum().calls);
}

TEST(Breaker, shows_each_window) {
  Route route{BreakerPolicy::fast()};

  for (std::uint64_t i = 1; i <= 12; ++i) {
    route.counts += {.calls = 100 * i, .failed = i};
    ASSERT_EQ(route.wait_for(100ms), std::nullopt);
  }

  const auto windows = route.breaker.windows();
  ASSERT_EQ(windows.size(), 10u);
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(windows[i].counts, (CallCounts{.calls = 100 * (i + 3), .failed = i + 3}));
    EXPECT_EQ(windows[i].from, kStart + (i + 3) * 100ms);
  }
}

TEST(Breaker, has_windows_that_last_for_a_number_of_calls) {
  BreakerPolicy policy = BreakerPolicy::fast();
  policy.window = 0ns;
  policy.window_calls = 100;
  policy.windows = 3;
  policy.below_for = 0ns;
  Route route{policy};

  for (int i = 0; i < 5; ++i) {
    route.counts += {.calls = 100, .failed = 0};
    ASSERT_EQ(route.wait_for(1h), std::nullopt);
  }
  EXPECT_EQ(route.breaker.sum().calls, 300u) << "time does not end them";
  route.counts += {.calls = 100, .failed = 15};
  EXPECT_EQ(route.wait_for(1ns), std::nullopt) << "15 of 300";
  route.counts += {.calls = 1, .failed = 1};

  EXPECT_EQ(route.wait_for(1ns), BreakerState::Open) << "16 of 201";
}

TEST(Breaker, tries_a_version_again_when_it_has_been_open_for_long_enough) {
  Route route = open();

  EXPECT_EQ(route.wait_for(route.breaker.policy().open_for - 1ns), std::nullopt);
  EXPECT_EQ(route.wait_for(1ns), BreakerState::HalfOpen);
}

TEST(Breaker, closes_when_enough_probes_have_succeeded_and_begins_anew) {
  Route route = half_open();
  EXPECT_EQ(route.wait_for(1ms, {.sent = 10, .succeeded = 9}), std::nullopt);

  EXPECT_EQ(route.wait_for(1ms, {.sent = 10, .succeeded = 10}), BreakerState::Closed);

  EXPECT_EQ(route.breaker.sum(), CallCounts{});
  EXPECT_EQ(route.call_for(2s, 0), std::nullopt);
}

TEST(Breaker, opens_again_with_the_first_probe_that_is_one_too_many_to_fail) {
  Route route = half_open();

  EXPECT_EQ(route.wait_for(1ms, {.sent = 3, .succeeded = 2, .failed = 1}), BreakerState::Open) << "9 of 10 at best";
}

TEST(Breaker, lets_as_many_probes_fail_as_its_rate_allows) {
  BreakerPolicy policy = BreakerPolicy::fast();
  policy.probes = 20;
  Route route = half_open(policy);

  EXPECT_EQ(route.wait_for(1ms, {.sent = 2, .succeeded = 1, .failed = 1}), std::nullopt);
  EXPECT_EQ(route.wait_for(1ms, {.sent = 20, .succeeded = 19, .failed = 1}), BreakerState::Closed);
}

TEST(Breaker, takes_probes_without_an_answer_for_failed_ones_when_their_time_is_over) {
  Route route = half_open();
  EXPECT_EQ(route.wait_for(499ms, {.sent = 3, .succeeded = 2}), std::nullopt);
  EXPECT_EQ(route.wait_for(1ms, {.sent = 3, .succeeded = 2}), BreakerState::Open);

  Route answered = half_open();
  EXPECT_EQ(answered.wait_for(500ms, {.sent = 3, .succeeded = 3}), BreakerState::Closed) << "no more have come";
}

TEST(Breaker, stays_half_open_while_nobody_calls) {
  Route route = half_open();

  for (int i = 0; i < 10; ++i) EXPECT_EQ(route.wait_for(500ms), std::nullopt);

  EXPECT_EQ(route.breaker.state(), BreakerState::HalfOpen);
}

TEST(Breaker, does_not_hear_what_calls_from_before_come_to_while_it_is_half_open) {
  Route route = half_open();
  route.counts += {.calls = 1000, .failed = 1000};

  EXPECT_EQ(route.wait_for(1ms, {.sent = 10, .succeeded = 10}), BreakerState::Closed);
  EXPECT_EQ(route.wait_for(1ms), std::nullopt);
  EXPECT_FALSE(route.breaker.below_since());
}

TEST(Breaker, goes_only_the_ways_of_its_table) {
  Route route{BreakerPolicy::fast()};
  std::mt19937_64 random{7};
  BreakerState before = BreakerState::Closed;
  std::size_t changes = 0;
  for (int i = 0; i < 200'000; ++i) {
    const bool bad = (i / 2000) % 2 == 1;
    const std::uint64_t calls = random() % 50;
    route.counts += {.calls = calls, .failed = bad ? calls : 0};
    const auto sent = static_cast<std::uint32_t>(random() % 11);
    const Probes probes{.sent = sent, .succeeded = bad ? 0 : sent, .failed = bad ? sent : 0};
    const auto changed = route.wait_for(std::chrono::milliseconds{random() % 20}, probes);
    if (!changed) continue;
    ++changes;
    EXPECT_TRUE(std::ranges::any_of(kBreakerTable,
                                    [&](const BreakerRow& row) { return row.from == before && row.to == *changed; }))
        << name(before) << " to " << name(*changed);
    before = *changed;
  }
  EXPECT_GT(changes, 100u);
}

}  // namespace
}  // namespace shunt::host
