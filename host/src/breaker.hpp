#pragma once
/// When a route leaves a version whose calls fail, and when that one is tried again: a circuit breaker. A value: time
/// comes in as an argument, and what has happened as numbers that only grow.
///
///     Breaker breaker{BreakerPolicy::fast(), now};
///     if (const auto state = breaker.look(now, counts)) follow(*state);
///
///     Closed     all calls go to the version. Open follows once too few of them have succeeded for long enough.
///     Open       none does.
///     HalfOpen   some do, to try it: so many at most, and for so long. Then Closed, or Open again.
///
/// The pattern is M. Nygard's ("Release It!", 2007). What counts is a sliding sum over windows, as resilience4j has it;
/// all of it is exact: thousandths of whole numbers of calls, nothing is rounded.

#include <shunt/host/breaker_policy.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace shunt::host {

enum class BreakerState : std::uint8_t { Closed, Open, HalfOpen };
enum class BreakerEvent : std::uint8_t { Tripped, Waited, ProbesSucceeded, ProbesFailed };

[[nodiscard]] constexpr std::string_view name(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::Closed: return "Closed";
    case BreakerState::Open: return "Open";
    case BreakerState::HalfOpen: return "HalfOpen";
  }
  return "Unknown";
}

struct BreakerRow {
  BreakerState from;
  BreakerEvent event;
  BreakerState to;
};
inline constexpr std::array kBreakerTable = {
    BreakerRow{BreakerState::Closed, BreakerEvent::Tripped, BreakerState::Open},
    BreakerRow{BreakerState::Open, BreakerEvent::Waited, BreakerState::HalfOpen},
    BreakerRow{BreakerState::HalfOpen, BreakerEvent::ProbesSucceeded, BreakerState::Closed},
    BreakerRow{BreakerState::HalfOpen, BreakerEvent::ProbesFailed, BreakerState::Open},
};

/// Calls to one version on one route. A slow one counts from the moment on at which it has become slow, answered or
/// not, and not again when it ends.
struct CallCounts {
  std::uint64_t calls = 0;   ///< That have ended, or are slow.
  std::uint64_t failed = 0;  ///< Of these.
  std::uint64_t slow = 0;    ///< Of these, and not among the failed.

  [[nodiscard]] std::uint64_t succeeded() const noexcept { return calls - failed - slow; }
  /// Whether of 1,000 calls fewer than `least` have succeeded.
  [[nodiscard]] bool is_below(std::uint32_t least) const noexcept {
    return succeeded() * 1000 < std::uint64_t{least} * calls;
  }
  CallCounts& operator+=(const CallCounts& other) noexcept {
    calls += other.calls;
    failed += other.failed;
    slow += other.slow;
    return *this;
  }
  friend CallCounts operator-(CallCounts more, const CallCounts& less) noexcept {
    more.calls -= less.calls;
    more.failed -= less.failed;
    more.slow -= less.slow;
    return more;
  }
  friend bool operator==(const CallCounts&, const CallCounts&) = default;
};

/// Of the calls that try a version again, since it is HalfOpen.
struct Probes {
  std::uint32_t sent = 0;  ///< BreakerPolicy::probes at most.
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;  ///< Slow ones are.
};

class Breaker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Window {
    TimePoint from{};
    CallCounts counts{};
    friend bool operator==(const Window&, const Window&) = default;
  };

  Breaker(const BreakerPolicy& policy, TimePoint now, const CallCounts& before = {})
      : policy_(policy), since_(now), seen_(before) {
    windows_.reserve(policy.windows);
    windows_.push_back({now, {}});
  }

  /// What happened until now: `ever` and `now` never go back. The state that it has come to, if that is another one.
  /// What was counted since the last look belongs to the window of this one: look several times in each.
  std::optional<BreakerState> look(TimePoint now, const CallCounts& ever, const Probes& probes = {}) {
    turn_windows(now);
    windows_.back().counts += ever - seen_;
    seen_ = ever;
    const auto event = what_happened(now, probes);
    if (!event) return std::nullopt;
    const auto row = std::ranges::find_if(
        kBreakerTable, [&](const BreakerRow& each) { return each.from == state_ && each.event == *event; });
    state_ = row->to;  // what_happened() asks for nothing else
    since_ = now;
    below_since_.reset();
    if (state_ == BreakerState::Closed) windows_.assign(1, {now, {}});
    return state_;
  }

  [[nodiscard]] BreakerState state() const noexcept { return state_; }
  [[nodiscard]] TimePoint since() const noexcept { return since_; }
  /// Since when too few have succeeded; none: they do.
  [[nodiscard]] std::optional<TimePoint> below_since() const noexcept { return below_since_; }
  /// When it has to be looked at though nothing happens until then; max: as soon as something has.
  [[nodiscard]] TimePoint due() const noexcept {
    if (state_ == BreakerState::Open) return since_ + policy_.open_for;
    if (state_ == BreakerState::HalfOpen) return since_ + policy_.probes_within;
    return below_since_ ? *below_since_ + policy_.below_for : TimePoint::max();
  }
  /// Oldest first; those before the first call have not begun.
  [[nodiscard]] std::span<const Window> windows() const noexcept { return windows_; }
  [[nodiscard]] CallCounts sum() const noexcept {
    CallCounts sum;
    for (const Window& window : windows_) sum += window.counts;
    return sum;
  }
  [[nodiscard]] const BreakerPolicy& policy() const noexcept { return policy_; }

 private:
  void turn_windows(TimePoint now) {
    const auto begin = [&](TimePoint from) {
      if (windows_.size() == policy_.windows) windows_.erase(windows_.begin());
      windows_.push_back({from, {}});
    };
    if (policy_.window.count() == 0) {
      if (windows_.back().counts.calls >= policy_.window_calls) begin(now);
      return;
    }
    const auto passed = (now - windows_.back().from) / policy_.window;
    const auto skipped = std::max<std::int64_t>(passed - policy_.windows, 0);  // all of which are empty
    for (std::int64_t nth = skipped; nth < passed; ++nth)
      begin(windows_.back().from + policy_.window * (nth == skipped ? skipped + 1 : 1));
  }

  [[nodiscard]] std::optional<BreakerEvent> what_happened(TimePoint now, const Probes& probes) {
    switch (state_) {
      case BreakerState::Closed: return has_tripped(now) ? std::optional{BreakerEvent::Tripped} : std::nullopt;
      case BreakerState::Open:
        return now - since_ >= policy_.open_for ? std::optional{BreakerEvent::Waited} : std::nullopt;
      case BreakerState::HalfOpen: return judge(now, probes);
    }
    return std::nullopt;
  }

  [[nodiscard]] bool has_tripped(TimePoint now) {
    const CallCounts all = sum();
    if (all.calls < policy_.calls_min || !all.is_below(policy_.success_min)) {
      below_since_.reset();
      return false;
    }
    if (!below_since_) below_since_ = now;
    return now - *below_since_ >= policy_.below_for;
  }

  /// As soon as those without an answer cannot change it. When the time is over, those that were sent until then
  /// decide; where nobody has called, it goes on.
  [[nodiscard]] std::optional<BreakerEvent> judge(TimePoint now, const Probes& probes) {
    const auto enough = [&](std::uint32_t succeeded, std::uint32_t of) {
      return std::uint64_t{succeeded} * 1000 >= std::uint64_t{policy_.success_min} * of;
    };
    if (enough(probes.succeeded, policy_.probes)) return BreakerEvent::ProbesSucceeded;
    if (!enough(policy_.probes - std::min(probes.failed, policy_.probes), policy_.probes))
      return BreakerEvent::ProbesFailed;
    if (now - since_ < policy_.probes_within) return std::nullopt;
    if (probes.sent == 0) {
      since_ = now;
      return std::nullopt;
    }
    return enough(probes.succeeded, probes.sent) ? BreakerEvent::ProbesSucceeded : BreakerEvent::ProbesFailed;
  }

  BreakerPolicy policy_;
  BreakerState state_ = BreakerState::Closed;
  TimePoint since_;
  CallCounts seen_;
  std::vector<Window> windows_;  // the last one is being filled
  std::optional<TimePoint> below_since_;
};

/// The least that a policy allows from the first failure on until it opens, where calls come evenly, all have succeeded
/// before, and `failing` of 1,000 fail from then on; none: it does not open. Of windows in time: the last of them has
/// just begun when the sum falls short. At most it takes as much longer as that one's share would have.
[[nodiscard]] constexpr std::optional<std::chrono::nanoseconds> least_until_open(const BreakerPolicy& policy,
                                                                                 std::uint32_t failing) noexcept {
  const std::uint32_t allowed = 1000 - policy.success_min;
  if (failing <= allowed) return std::nullopt;
  return policy.window * (policy.windows - 1) * allowed / failing + policy.below_for;
}

}  // namespace shunt::host
