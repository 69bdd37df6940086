#pragma once
/// The clock of a plugin: the machine's monotonic one, or one that its test or its host drives.

#include <chrono>
#include <cstdint>

namespace shunt::kit {

/// What Context::now() counts on. Where nobody drives it: CLOCK_MONOTONIC, so that origin times and deadlines can be
/// compared with it. It never goes back.
struct Clock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
};

}  // namespace shunt::kit
