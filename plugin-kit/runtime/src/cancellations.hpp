#pragma once
/// Requests that nobody waits for any more, as far as the host has said so.

#include <array>
#include <atomic>
#include <cstdint>

namespace shunt::kit {

/// Noted and asked by the serving thread; is_cancelled() by any thread.
class Cancellations {
 public:
  /// The message whose handler runs from now on; 0 for none.
  void begin(std::uint64_t token) noexcept { in_hand_ = token; }

  void note(std::uint64_t correlation) noexcept {
    // Relaxed: only the word itself is told.
    if (correlation == in_hand_ && correlation != 0) cancelled_in_hand_.store(correlation, std::memory_order_relaxed);
    else waiting_[count_++ % waiting_.size()] = correlation;
  }

  /// Whether a request was cancelled before its turn came.
  [[nodiscard]] bool before_its_turn(std::uint64_t correlation) const noexcept {
    if (count_ == 0) return false;
    for (const std::uint64_t each : waiting_)
      if (each == correlation) return true;
    return false;
  }

  /// Nothing sent before now is still queued, so what was noted can match no more.
  void forget() noexcept {
    if (count_ == 0) return;
    waiting_.fill(0);
    count_ = 0;
  }

  [[nodiscard]] bool is_cancelled(std::uint64_t token) const noexcept {
    return token != 0 && cancelled_in_hand_.load(std::memory_order_relaxed) == token;
  }

 private:
  std::uint64_t in_hand_ = 0;
  std::atomic<std::uint64_t> cancelled_in_hand_{0};
  std::array<std::uint64_t, 64> waiting_{};  // the latest; an older one is handled in vain, which is allowed
  std::size_t count_ = 0;
};

}  // namespace shunt::kit
