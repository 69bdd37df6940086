#include "gaps.hpp"

#include <gtest/gtest.h>

namespace shunt::bench {
namespace {

TEST(Histogram, says_small_values_exactly_and_large_ones_within_a_sixty_fourth) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100'000; ++value) histogram.add(value);

  EXPECT_EQ(histogram.count(), 100'000u);
  EXPECT_EQ(histogram.max(), 100'000u);
  for (const double share : {0.0002, 0.5, 0.99, 0.999, 1.0}) {
    const double exact = share * 100'000;
    EXPECT_LE(static_cast<double>(histogram.percentile(share)), exact);
    EXPECT_GE(static_cast<double>(histogram.percentile(share)), exact * (1 - 1.0 / 64) - 1);
  }
}

TEST(Histogram, of_nothing_says_0) { EXPECT_EQ(Histogram{}.percentile(0.5), 0u); }

TEST(Histogram, takes_the_largest_number_there_is) {
  Histogram histogram;
  histogram.add(~std::uint64_t{0});

  EXPECT_GE(histogram.percentile(1), std::uint64_t{127} << 57);
}

TEST(Gaps, a_hundred_before_a_switch_and_a_hundred_from_it_on_are_near) {
  Gaps gaps;
  for (int i = 0; i < 1000; ++i) gaps.add(1);
  gaps.switched();
  for (int i = 0; i < 1000; ++i) gaps.add(2);
  gaps.end();

  EXPECT_EQ(gaps.near().count(), 200u);
  EXPECT_EQ(gaps.near().percentile(0.5), 1u);
  EXPECT_EQ(gaps.near().max(), 2u);
  EXPECT_EQ(gaps.far().count(), 1800u);
}

TEST(Gaps, between_switches_that_follow_each_other_closely_all_are_near_and_count_once) {
  Gaps gaps;
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 50; ++j) gaps.add(1);
    gaps.switched();
  }
  gaps.end();

  EXPECT_EQ(gaps.near().count(), 500u);
  EXPECT_EQ(gaps.far().count(), 0u);
}

}  // namespace
}  // namespace shunt::bench
