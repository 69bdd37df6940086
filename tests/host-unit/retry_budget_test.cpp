#include "retry_budget.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

/// How many it gives before it refuses.
std::uint32_t drain(RetryBudget& budget, std::uint64_t calls) {
  std::uint32_t taken = 0;
  while (taken < 100'000 && budget.take(calls)) ++taken;
  return taken;
}

TEST(RetryBudget, begins_with_its_reserve) {
  RetryBudget budget{200, 10};

  EXPECT_EQ(drain(budget, 0), 10u);
}

TEST(RetryBudget, gives_its_share_of_the_calls) {
  RetryBudget budget{200, 10};
  ASSERT_EQ(drain(budget, 0), 10u);

  EXPECT_EQ(drain(budget, 4), 0u);
  EXPECT_EQ(drain(budget, 5), 1u);
  EXPECT_EQ(drain(budget, 25), 4u);
}

TEST(RetryBudget, saves_no_more_than_its_reserve) {
  RetryBudget budget{200, 10};

  EXPECT_EQ(drain(budget, 1'000'000), 10u);
  EXPECT_EQ(drain(budget, std::numeric_limits<std::uint64_t>::max()), 10u) << "no product of large numbers wraps";
}

TEST(RetryBudget, without_a_share_gives_its_reserve_alone) {
  RetryBudget budget{0, 3};

  EXPECT_EQ(drain(budget, 1000), 3u);
  EXPECT_EQ(drain(budget, 2000), 0u);
}

TEST(RetryBudget, without_a_reserve_gives_nothing) {
  RetryBudget budget{1000, 0};

  EXPECT_EQ(drain(budget, 1000), 0u);
}

TEST(RetryBudget, is_not_confused_by_a_caller_that_is_behind) {
  RetryBudget budget{500, 2};
  ASSERT_EQ(drain(budget, 100), 2u);

  EXPECT_EQ(drain(budget, 50), 0u);
  EXPECT_EQ(drain(budget, 102), 1u);
}

TEST(RetryBudget, never_lets_retries_outgrow_their_share_however_calls_fail) {
  RetryBudget budget{100, 10};
  std::mt19937_64 random{3};
  std::uint64_t calls = 0;
  std::uint64_t taken = 0;

  for (int i = 0; i < 100'000; ++i) {
    calls += random() % 4;
    for (std::uint64_t tries = random() % 5; tries > 0; --tries) taken += budget.take(calls) ? 1 : 0;
    ASSERT_LE(taken * 10, calls + 100);
  }
  EXPECT_GT(taken * 10, calls * 9 / 10) << "and all of it is given";
  EXPECT_EQ(budget.counts().taken, taken);
  EXPECT_GT(budget.counts().refused, 0u);
}

TEST(RetryBudget, is_kept_by_threads_that_fail_at_once) {
  RetryBudget budget{100, 10};
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> taken = 0;
  const auto fail = [&] {
    for (int i = 0; i < 10'000; ++i)
      if (budget.take(calls.fetch_add(1, std::memory_order_relaxed) + 1)) taken.fetch_add(1, std::memory_order_relaxed);
  };
  { const std::jthread one{fail}, another{fail}, third{fail}; }

  EXPECT_LE(taken.load(std::memory_order_relaxed), 30'000u / 10 + 10);
  EXPECT_GE(taken.load(std::memory_order_relaxed), 30'000u / 10 - 10);
}

}  // namespace
}  // namespace shunt::host
