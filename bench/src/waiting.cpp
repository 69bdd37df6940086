#include <shunt/bench/waiting.hpp>

namespace shunt::bench {

Waiting waiting_for(const Setup& setup, double ns_per_tick) {
  constexpr double kSpinNanoseconds = 20'000;
  return {.wait = setup.wait,
          .crowded = setup.placement.crowded(setup.consumers),
          .spin_ticks = static_cast<std::uint64_t>(kSpinNanoseconds / ns_per_tick)};
}

}  // namespace shunt::bench
