#pragma once
/// When a route leaves a version whose calls fail, and how that one is tried again: a circuit breaker's rules.
///
///     [routes."pricer/price"]
///     lts = "1.4.0"                                     # where calls go then
///     breaker = { preset = "fast", success_min = 980 }  # a preset, and what is different from it
///
/// Of 1,000 calls in the last `windows` windows fewer than `success_min` succeed, for `below_for` without a break: the
/// breaker opens. A call succeeds that is answered within `slow_after`, with a reply; one that fails as its caller's
/// own fault (BadInput, BadPayload, ValidationFailed), or is cancelled, does not count at all.

#include <chrono>
#include <cstdint>

namespace shunt {

/// The default preset; fast() is the other one. Members are spelled in host.toml as here. Durations are from 1 ms to a
/// day, where nothing else is said.
struct BreakerPolicy {
  std::uint32_t windows = 10;                                 ///< That count together; 1 .. 100.
  std::chrono::nanoseconds window = std::chrono::seconds{6};  ///< How long each lasts; 0: as long as `window_calls`.
  std::uint32_t window_calls = 0;   ///< Of one that lasts for so many calls: it ends with the look that sees them.
  std::uint32_t success_min = 950;  ///< Of 1,000 calls so many have to succeed; 1 .. 1,000.
  std::chrono::nanoseconds below_for =
      std::chrono::minutes{2};   ///< How long fewer do, without a break, until it opens.
  std::uint32_t calls_min = 20;  ///< With fewer in all windows nothing is judged.
  /// In flight for longer, a call is slow and has not succeeded, whatever its answer; 0: however long. Looked at every
  /// 5 ms while calls come.
  std::chrono::nanoseconds slow_after = std::chrono::seconds{1};
  std::chrono::nanoseconds open_for = std::chrono::seconds{30};
  std::uint32_t probes = 10;  ///< Calls that try a version again, at most; from 1 on.
  std::chrono::nanoseconds probes_within = std::chrono::seconds{10};  ///< What has no answer by then has failed.

  /// Ten windows of 100 ms; opens after half a second.
  [[nodiscard]] static constexpr BreakerPolicy fast() noexcept {
    using namespace std::chrono_literals;
    return {.window = 100ms, .below_for = 500ms, .slow_after = 100ms, .open_for = 1s, .probes_within = 500ms};
  }
  friend bool operator==(const BreakerPolicy&, const BreakerPolicy&) = default;
};

}  // namespace shunt
