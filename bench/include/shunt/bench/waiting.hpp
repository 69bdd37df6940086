#pragma once
/// How every peer waits, so that a difference between two of them is not a difference in waiting.

#include <shunt/bench/clock.hpp>
#include <shunt/bench/setup.hpp>

#include <cstdint>

#include <sched.h>

namespace shunt::bench {

/// How one process of a subject waits.
struct Waiting {
  Wait wait = Wait::Spin;
  bool crowded = false;          ///< Several spinning processes share a core.
  std::uint64_t spin_ticks = 0;  ///< How long spin_then_sleep spins before it sleeps.
};

/// What `setup` asks for: spin_then_sleep spins for 20 µs, about the cost of the wake-up it hopes to save.
Waiting waiting_for(const Setup& setup, double ns_per_tick);

/// One wait. `while (!ready()) if (!spinner.spin()) sleep_until_woken();`
class Spinner {
 public:
  explicit Spinner(const Waiting& waiting) : waiting_(waiting) {}

  /// Spins once and returns true, or returns false: it is time to sleep.
  bool spin() noexcept {
    if (waiting_.wait == Wait::Sleep) return false;
    if (waiting_.wait == Wait::SpinThenSleep) {
      if (spins_ == 0) started_ = ticks();
      else if (ticks() - started_ > waiting_.spin_ticks) return false;
    }
    relax();
    if (++spins_ % kSpinsPerYield == 0 && (waiting_.crowded || spins_ > kSpinsPatient)) sched_yield();
    return true;
  }

 private:
  static constexpr std::uint32_t kSpinsPerYield = 64;
  /// Longer than any wait of a measurement worth the name: by then somebody else's process has our partner's core, and
  /// may wait for ours.
  static constexpr std::uint32_t kSpinsPatient = 16'384;

  const Waiting& waiting_;
  std::uint64_t started_ = 0;
  std::uint32_t spins_ = 0;
};

}  // namespace shunt::bench
