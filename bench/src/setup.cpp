#include <shunt/bench/setup.hpp>

#include <algorithm>
#include <bit>

#include <sched.h>

namespace shunt::bench {

std::string_view name(Bench bench) noexcept {
  switch (bench) {
    case Bench::Roundtrip: return "roundtrip";
    case Bench::Stream: return "stream";
    case Bench::Fanout: return "fanout";
  }
  return "unknown";
}

std::string_view name(Payload payload) noexcept { return payload == Payload::Inline ? "inline" : "chunk"; }

std::string_view name(Wait wait) noexcept {
  switch (wait) {
    case Wait::Spin: return "spin";
    case Wait::SpinThenSleep: return "spin_then_sleep";
    case Wait::Sleep: return "sleep";
  }
  return "unknown";
}

Placement placement_here() {
  Placement placement;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) placement.cpus.push_back(cpu);
  }
  if (placement.cpus.empty()) placement.cpus.push_back(0);
  return placement;
}

std::uint32_t depth_for(std::size_t bytes) noexcept {
  constexpr std::size_t kRingBytesMax = std::size_t{64} << 20;
  const std::size_t fitting = std::bit_floor(std::max<std::size_t>(kRingBytesMax / std::max<std::size_t>(bytes, 1), 1));
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(fitting, 4, 256));
}

}  // namespace shunt::bench
