#pragma once
/// How an instance says that it is, and how often it may say so.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shunt::host {

enum class HealthState : std::uint8_t { Serving, Degraded, NotServing };

/// The enum's own spelling.
std::string_view name(HealthState state) noexcept;

/// Its own word; the reason is escaped and cut.
struct Health {
  HealthState state = HealthState::Serving;
  std::string reason{};
  friend bool operator==(const Health&, const Health&) = default;
};

/// So many at once, one more in every `period`, and never more than `most`: of what an instance says, and of the events
/// that tell of it.
class Allowance {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Allowance(double at_once, double most, std::chrono::nanoseconds period)
      : left_(at_once), most_(most), period_(period) {}

  /// Whether one more is allowed. The first call starts the time.
  bool take(TimePoint now) noexcept {
    if (last_ != TimePoint{}) left_ = std::min(most_, left_ + std::chrono::duration<double>(now - last_) / period_);
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double left_;
  double most_;
  std::chrono::duration<double> period_;
  TimePoint last_{};
};

}  // namespace shunt::host
