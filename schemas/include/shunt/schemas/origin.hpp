#pragma once
/// When what a message tells of came about: carried through every call and publication that follows from it, so that a
/// chain can be timed from end to end.
///
///     bars.publish(build, {.origin = shunt::Origin::now()});         // the first of a chain
///     ticks.publish(build, {.origin = shunt::Origin::at(stamp)});    // as the feed says
///     latency.add(Host::now() - *signal.origin());                   // at its end

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace shunt {

/// What a sender says of a message's origin. All times are CLOCK_MONOTONIC nanoseconds of this machine, or whatever
/// else all of a chain have agreed on: nothing is decided by them.
class Origin {
 public:
  static constexpr std::int64_t kMaxNs = (std::int64_t{1} << 56) - 1;  ///< Two years and a quarter.

  /// That of the message whose handler or callback sends this one; none outside of them. Reads no clock.
  constexpr Origin() = default;
  /// What is below 1 ns counts as 1 ns, and what is above kMaxNs as that.
  static constexpr Origin at(std::chrono::nanoseconds when) {
    return Origin{std::clamp<std::int64_t>(when.count(), 1, kMaxNs)};
  }
  /// The moment at which it is sent. Reads the clock.
  static constexpr Origin now() { return Origin{kNow}; }
  /// None, whatever it follows from.
  static constexpr Origin none() { return Origin{kNone}; }

  /// 0 inherited, -1 now, -2 none, else the time: as the C ABI has it.
  [[nodiscard]] constexpr std::int64_t raw() const { return raw_; }
  static constexpr std::int64_t kNow = -1;
  static constexpr std::int64_t kNone = -2;

 private:
  explicit constexpr Origin(std::int64_t raw) : raw_(raw) {}

  std::int64_t raw_ = 0;
};

}  // namespace shunt
