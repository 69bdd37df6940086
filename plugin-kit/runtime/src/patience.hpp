#pragma once
/// What to do while there is nothing to do: spin, or spin and then sleep, or sleep.

#include <shunt/bus/doorbell.hpp>

namespace shunt::kit {

class Patience {
 public:
  explicit Patience(bus::Wait mode) : mode_(mode) {}

  /// Pauses for an instant and says false, or says true: sleep now.
  bool wants_sleep() noexcept {
    if (mode_ == bus::Wait::Sleep || (mode_ == bus::Wait::SpinThenSleep && spins_ >= bus::kSpinsBeforeSleep))
      return true;
    ++spins_;
    bus::spin_pause();
    return false;
  }

  /// Something happened: spin again from the start.
  void renew() noexcept { spins_ = 0; }
  [[nodiscard]] std::uint64_t spins() const noexcept { return spins_; }

 private:
  bus::Wait mode_;
  std::uint64_t spins_ = 0;
};

}  // namespace shunt::kit
