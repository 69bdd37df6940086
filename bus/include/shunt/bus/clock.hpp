#pragma once
/// The clock that deadlines are on.

#include <cstdint>

#include <time.h>

namespace shunt::bus {

/// CLOCK_MONOTONIC in nanoseconds: the same for every process of the machine.
inline std::int64_t now_ns() noexcept {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace shunt::bus
