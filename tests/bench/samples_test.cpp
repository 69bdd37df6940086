#include <shunt/bench/clock.hpp>
#include <shunt/bench/samples.hpp>

#include <array>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bench {
namespace {

TEST(Samples, more_than_fit_are_left_out_and_nothing_is_written_beyond) {
  std::array<std::uint64_t, 4> room{};
  Samples samples{std::span{room}.first(3)};

  for (std::uint64_t i = 1; i <= 10; ++i) samples.add(i);

  EXPECT_EQ(samples.size(), 3U);
  EXPECT_EQ(room, (std::array<std::uint64_t, 4>{1, 2, 3, 0}));
}

TEST(Percentile, of_the_numbers_from_1_to_100_is_its_own_rank) {
  std::vector<std::uint64_t> numbers(100);
  std::iota(numbers.rbegin(), numbers.rend(), 1);

  EXPECT_DOUBLE_EQ(percentile(numbers, 0.50), 50);
  EXPECT_DOUBLE_EQ(percentile(numbers, 0.99), 99);
  EXPECT_DOUBLE_EQ(percentile(numbers, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(numbers, 1), 100);
}

TEST(Percentile, of_nothing_is_zero) { EXPECT_DOUBLE_EQ(percentile({}, 0.5), 0); }

TEST(Percentile, of_readings_from_a_coarse_clock_is_finer_than_its_step) {
  std::vector<std::uint64_t> mostly_low(100, 20);
  std::fill(mostly_low.begin(), mostly_low.begin() + 40, 30);
  std::vector<std::uint64_t> mostly_high(100, 30);
  std::fill(mostly_high.begin(), mostly_high.begin() + 40, 20);

  const double low = percentile(mostly_low, 0.5, 10);
  const double high = percentile(mostly_high, 0.5, 10);

  EXPECT_GT(low, 20);
  EXPECT_LT(low, 25);
  EXPECT_GT(high, 25);
  EXPECT_LT(high, 30);
}

TEST(Median, of_an_even_count_lies_between_the_middle_two) {
  std::array<double, 3> odd{9, 1, 5};
  std::array<double, 4> even{4, 1, 3, 2};

  EXPECT_DOUBLE_EQ(median(odd), 5);
  EXPECT_DOUBLE_EQ(median(even), 2.5);
  EXPECT_DOUBLE_EQ(median({}), 0);
}

TEST(Clock, it_never_runs_backwards_and_its_scale_is_positive) {
  std::uint64_t before = ticks();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = ticks();
    ASSERT_GE(now, before);
    before = now;
  }

  EXPECT_GT(measure_ns_per_tick(), 0);
  EXPECT_GE(measure_tick_step(), 1U);
}

}  // namespace
}  // namespace shunt::bench
