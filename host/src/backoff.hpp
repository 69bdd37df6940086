#pragma once
/// When an instance that died is started again, and when no more. A value: time comes in as an argument.
///
///     backoff.became_active(now);
///     if (const auto delay = backoff.crashed(now)) start_after(*delay);
///     else quarantine();

#include <shunt/host/configuration.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>

namespace shunt {

class Backoff {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Backoff(const RestartPolicy& policy) : policy_(policy), delay_(policy.delay_first) {}

  void became_active(TimePoint now) { active_since_ = now; }

  /// An instance died that nobody had asked to end, in whatever state. The delay before the next start, or nothing: it
  /// is quarantined. `now` never goes back.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> crashed(TimePoint now) {
    if (active_since_ && now - *active_since_ >= policy_.healthy_after) delay_ = policy_.delay_first;
    active_since_.reset();
    std::erase_if(crashes_, [&](TimePoint crash) { return now - crash > policy_.crash_window; });
    crashes_.push_back(now);
    if (quarantined_ || crashes_.size() >= policy_.crashes_max) {
      quarantined_ = true;
      return std::nullopt;
    }
    const auto delay = delay_;
    delay_ = std::min(delay_ * 2, policy_.delay_max);
    return delay;
  }

  [[nodiscard]] bool is_quarantined() const { return quarantined_; }

  /// A person lets it start again: as if it had never crashed.
  void release() { *this = Backoff(policy_); }

  friend bool operator==(const Backoff&, const Backoff&) = default;

 private:
  RestartPolicy policy_;
  std::chrono::nanoseconds delay_;         // before the next restart
  std::optional<TimePoint> active_since_;  // of the instance that runs now
  std::deque<TimePoint> crashes_;          // within the window, at most crashes_max
  bool quarantined_ = false;
};

}  // namespace shunt
