#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <ctime>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace shunt::bus::detail {
namespace {

std::int64_t kernel_ns() noexcept {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

#if defined(__x86_64__)
namespace {

constexpr std::uint32_t kValidNs = 250'000;       ///< The kernel may steer its clock by 500 ppm: 125 ns in this time.
constexpr std::int64_t kBaselineNs = 10'000'000;  ///< Two readings that far apart tell the scale to 10 ppm.

/// Whether time stamps advance at one rate, whatever the core's frequency and sleep (CPUID 8000_0007h, EDX bit 8).
bool ticks_are_steady() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0x8000'0007, &eax, &ebx, &ecx, &edx) != 0 && (edx & 1u << 8) != 0;
}

/// Both clocks at one moment.
struct Moment {
  std::uint64_t ticks = 0;
  std::int64_t ns = 0;
  bool exact = false;  ///< False: the thread lost its core in between, again and again.
};

Moment read_both() noexcept {
  constexpr int kAttempts = 4;
  constexpr std::uint64_t kApartMax = 2000;  // ticks: half a microsecond or so
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint64_t before = time_stamp();
    const std::int64_t ns = kernel_ns();
    const std::uint64_t apart = time_stamp() - before;
    if (apart <= kApartMax) return {before + apart / 2, ns, true};
  }
  return {time_stamp(), kernel_ns(), false};
}

/// The first reading of this process, and what later ones made of it.
struct Baseline {
  Moment first = read_both();
  bool steady = first.exact && ticks_are_steady();
  std::atomic<std::uint64_t> scale{0};  // relaxed: a number by itself; 0 until it is known
};

Baseline& baseline() noexcept {
  static Baseline baseline;
  return baseline;
}

std::uint64_t scale_of(std::int64_t ns, std::uint64_t ticks) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(ns) / static_cast<double>(ticks) * 0x1p32);
}

}  // namespace

std::int64_t read_clock(ClockReading& reading) noexcept {
  Baseline& base = baseline();
  const Moment now = read_both();
  const std::uint64_t counted = std::min(now.ticks - reading.ticks, reading.ticks_valid);
  const std::int64_t said = reading.ns + static_cast<std::int64_t>(counted * reading.scale >> 32);
  reading.ticks = now.ticks;
  reading.ns = std::max(now.ns, said);

  const std::int64_t elapsed = now.ns - base.first.ns;
  if (base.steady && now.exact && elapsed >= kBaselineNs && now.ticks > base.first.ticks)
    base.scale.store(scale_of(elapsed, now.ticks - base.first.ticks), std::memory_order_relaxed);
  reading.scale = base.scale.load(std::memory_order_relaxed);
  reading.ticks_valid = now.exact && reading.scale != 0 ? (std::uint64_t{kValidNs} << 32) / reading.scale : 0;
  return reading.ns;
}
#else
std::int64_t read_clock(ClockReading&) noexcept { return kernel_ns(); }
#endif

}  // namespace shunt::bus::detail
