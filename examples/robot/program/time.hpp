#pragma once
/// Time as the loop counts it: in periods of a millisecond, one tick each.

#include <cstdint>

namespace robot_demo {

using Tick = std::uint64_t;

constexpr Tick kTicksPerSecond = 1000;
constexpr double kPeriod = 1.0 / kTicksPerSecond;  ///< Seconds.
constexpr std::int64_t kPeriodNs = 1'000'000'000 / kTicksPerSecond;
constexpr Tick kTicksPerScan = 20;  ///< 50 a second.

constexpr double seconds(Tick ticks) { return static_cast<double>(ticks) * kPeriod; }

}  // namespace robot_demo
