#pragma once
/// What of a few dozen noisy numbers can be relied on.

#include <span>

namespace shunt::bench {

struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] bool contains(const Interval& other) const noexcept { return low <= other.low && other.high <= high; }
  [[nodiscard]] bool overlaps(const Interval& other) const noexcept { return low <= other.high && other.low <= high; }
};

/// The middle 95 % of `values`: where one more of them is to be expected. Of nothing: 0 to 0.
[[nodiscard]] Interval middle_95(std::span<const double> values);

/// The 95 % interval of their median, by bootstrap: the middle 95 % of the medians of 10,000 draws of as many, with
/// replacement, always the same draws. Of nothing: 0 to 0.
[[nodiscard]] Interval median_95(std::span<const double> values);

}  // namespace shunt::bench
