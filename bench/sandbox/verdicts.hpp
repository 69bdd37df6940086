#pragma once
/// What the sandbox may cost, and whether what was measured keeps to it.
///
///     good &= Verdict{trips}.within;

#include "instructions.hpp"
#include "intervals.hpp"
#include "roundtrips.hpp"
#include "starts.hpp"

namespace shunt::bench {

/// The same messages with both launchers.
struct BothCounts {
  Counts bare;
  Counts full;
};

/// As many instructions, by the median, and as many system calls.
[[nodiscard]] bool equal(const Count& bare, const Count& full) noexcept;
/// The same of either side.
[[nodiscard]] bool equal(const BothCounts& counts) noexcept;

/// What a run of round trips says.
struct Verdict {
  explicit Verdict(const RoundTrips& trips);

  double ratio;
  Interval ratio_95;  ///< Of the median.
  double same;
  Interval same_95;  ///< Of single pairs: what this machine makes of no difference at all.
  Interval same_median_95;
  bool within;    ///< The goal: ratio_95 lies within same_95.
  bool overlaps;  ///< Stricter, and no goal: the two medians may be one and the same.
};

inline constexpr double kAddedMsMax = 8;  ///< To a start, by the median: the goal.

[[nodiscard]] double added_ms(const Starts& starts);
[[nodiscard]] bool starts_soon_enough(const Starts& starts);

}  // namespace shunt::bench
