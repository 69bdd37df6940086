#include <numeric>
#include <vector>

#include <gtest/gtest.h>
#include <intervals.hpp>

namespace shunt::bench {
namespace {

std::vector<double> up_to(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

TEST(Intervals, the_middle_leaves_out_two_and_a_half_percent_at_either_end) {
  const Interval middle = middle_95(up_to(1001));

  EXPECT_DOUBLE_EQ(middle.low, 25);
  EXPECT_DOUBLE_EQ(middle.high, 975);
}

TEST(Intervals, the_medians_lies_around_the_median_and_within_the_values) {
  const auto values = up_to(101);

  const Interval interval = median_95(values);

  EXPECT_LT(interval.low, 50);
  EXPECT_GT(interval.high, 50);
  EXPECT_GT(interval.low, 30) << "narrower than the middle of the values: the median is known better than each";
  EXPECT_LT(interval.high, 70);
}

TEST(Intervals, the_same_values_have_the_same_interval) {
  const auto values = up_to(31);

  EXPECT_EQ(median_95(values).low, median_95(values).low);
  EXPECT_EQ(median_95(values).high, median_95(values).high);
}

TEST(Intervals, of_equal_values_are_a_point_and_of_none_nothing) {
  const std::vector<double> same(31, 7.0);

  EXPECT_EQ(median_95(same).low, 7);
  EXPECT_EQ(median_95(same).high, 7);
  EXPECT_EQ(middle_95({}).high, 0);
  EXPECT_EQ(median_95({}).high, 0);
}

TEST(Intervals, one_contains_another_that_reaches_no_further_at_either_end) {
  const Interval wide{.low = 1, .high = 4};

  EXPECT_TRUE(wide.contains({.low = 1, .high = 4}));
  EXPECT_TRUE(wide.contains({.low = 2, .high = 3}));
  EXPECT_FALSE(wide.contains({.low = 0, .high = 3}));
  EXPECT_FALSE(wide.contains({.low = 2, .high = 5}));
}

TEST(Intervals, overlap_when_they_have_a_point_in_common) {
  const Interval wide{.low = 1, .high = 4};

  EXPECT_TRUE(wide.overlaps({.low = 4, .high = 5}));
  EXPECT_TRUE(wide.overlaps({.low = 2, .high = 3}));
  EXPECT_TRUE(wide.overlaps({.low = 0, .high = 9}));
  EXPECT_FALSE(wide.overlaps({.low = 4.1, .high = 5}));
  EXPECT_FALSE(wide.overlaps({.low = 0, .high = 0.9}));
}

}  // namespace
}  // namespace shunt::bench
