#pragma once
/// The clock of the timed loops: the processor's own counter, which costs a third of clock_gettime.

#include <cstdint>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ctime>
#endif

namespace shunt::bench {

/// Now, in ticks. Counts alike on every core of the machine, so that two processes may compare their readings.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();  // __rdtsc() without its header, which is as long as all others together
#elif defined(__aarch64__)
  std::uint64_t value;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#else
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
#endif
}

/// Nanoseconds in one tick, measured against CLOCK_MONOTONIC over 20 ms. Blocks that long: call it once and keep it.
double measure_ns_per_tick();

/// The step in which ticks() advances: 1 on many machines, 10 ns' worth of ticks on some.
std::uint64_t measure_tick_step();

/// Tells the core that this is a spin loop.
inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace shunt::bench
