#pragma once
/// The clock that deadlines are on.
///
/// Asking the kernel's clock costs as much as a cache line on its way between two cores, and a message asks twice. So a
/// thread asks it once in a quarter of a millisecond, and counts the processor's time stamps in between.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace shunt::bus {

namespace detail {
/// What a thread knows of the clock. `scale` is nanoseconds per tick, times 2^32.
struct ClockReading {
  std::uint64_t ticks = 0;
  std::int64_t ns = 0;
  std::uint64_t scale = 0;
  std::uint64_t ticks_valid = 0;  ///< For so many ticks; 0: ask the kernel every time.
};
/// Asks the kernel and renews `reading`. Never goes back behind what `reading` has said.
std::int64_t read_clock(ClockReading& reading) noexcept;

#if defined(__x86_64__)
/// The processor's time stamp. The same as __rdtsc(), whose header is as long as all others together.
inline std::uint64_t time_stamp() noexcept { return __builtin_ia32_rdtsc(); }

inline constinit thread_local ClockReading clock_reading;
#endif
}  // namespace detail

/// CLOCK_MONOTONIC in nanoseconds: the same for every process of the machine, to within a microsecond. Within a thread
/// it does not go back. Any thread; no system call where the clock source can be read without one.
inline std::int64_t now_ns() noexcept {
#if defined(__x86_64__)
  detail::ClockReading& reading = detail::clock_reading;
  const std::uint64_t since = detail::time_stamp() - reading.ticks;
  if (since < reading.ticks_valid) [[likely]]
    return reading.ns + static_cast<std::int64_t>(since * reading.scale >> 32);
  return detail::read_clock(reading);
#else
  detail::ClockReading unused;
  return detail::read_clock(unused);
#endif
}

/// The moment `wait` after `now_ns`, for a wait of 0 to a hundred years: a longer one, such as one without end, would
/// overflow, here or where somebody adds to the deadline.
constexpr std::int64_t deadline_after(std::int64_t now_ns, std::chrono::nanoseconds wait) noexcept {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours{24 * 365 * 100};
  return now_ns + std::clamp(wait, std::chrono::nanoseconds{0}, kLongest).count();
}

}  // namespace shunt::bus
