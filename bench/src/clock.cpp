#include <shunt/bench/clock.hpp>

#include <chrono>
#include <numeric>
#include <thread>

namespace shunt::bench {

double measure_ns_per_tick() {
  using Monotonic = std::chrono::steady_clock;
  const auto start = Monotonic::now();
  const std::uint64_t start_ticks = ticks();

  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto end = Monotonic::now();
  const std::uint64_t end_ticks = ticks();

  const std::chrono::duration<double, std::nano> elapsed = end - start;
  return elapsed.count() / static_cast<double>(end_ticks - start_ticks);
}

std::uint64_t measure_tick_step() {
  constexpr int kReadings = 1000;
  const std::uint64_t first = ticks();
  std::uint64_t step = 0;
  for (int i = 0; i < kReadings; ++i) step = std::gcd(step, ticks() - first);
  return step == 0 ? 1 : step;
}

}  // namespace shunt::bench
