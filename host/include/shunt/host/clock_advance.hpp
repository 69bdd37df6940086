#pragma once
/// What came of driving a plugin's clock. A plain value.

#include <chrono>
#include <cstdint>

namespace shunt {

struct ClockAdvance {
  std::chrono::nanoseconds now{};  ///< Where the plugin's clock stands: what it was driven by since the host started.
  std::uint64_t says_fired = 0;    ///< How often timers ran for it, by the plugin's own word.
};

}  // namespace shunt
