#pragma once
/// How a plugin says that it is.
///
///     shunt::Health health() const override {
///       if (!connected_) return {shunt::Health::NotServing, "no session with the exchange"};
///       return lag_ > 10ms ? shunt::Health::Degraded : shunt::Health::Serving;
///     }

#include <shunt/plugin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>
#include <string_view>

namespace shunt::kit {

/// A value. Allocates nothing.
class Health {
 public:
  enum State : int {
    Serving = SHUNT_SERVING,
    Degraded = SHUNT_DEGRADED,      ///< It serves, and people are told that it is not well.
    NotServing = SHUNT_NOT_SERVING  ///< It gets no calls; what is published on its topics goes on.
  };
  static constexpr std::size_t kReasonBytesMax = 200;  ///< What is longer is cut.

  // NOLINTNEXTLINE(google-explicit-constructor): the state alone is a health
  Health(State state = Serving) : state_(state) {}
  /// `reason` is for people, and copied.
  Health(State state, std::string_view reason) : state_(state), reason_bytes_(std::min(reason.size(), reason_.size())) {
    std::copy_n(reason.data(), reason_bytes_, reason_.data());
  }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::string_view reason() const { return {reason_.data(), reason_bytes_}; }

  /// Of the states; reasons are for people.
  friend bool operator==(const Health& left, const Health& right) { return left.state_ == right.state_; }
  friend bool operator==(const Health& left, State right) { return left.state_ == right; }
  friend std::ostream& operator<<(std::ostream& out, const Health& health) {
    static constexpr const char* kNames[] = {"Serving", "Degraded", "NotServing"};
    const auto state = static_cast<unsigned>(health.state_);
    return out << (state < std::size(kNames) ? kNames[state] : "no health") << ' ' << health.reason();
  }

 private:
  State state_;
  std::size_t reason_bytes_ = 0;
  std::array<char, kReasonBytesMax> reason_{};
};

}  // namespace shunt::kit
