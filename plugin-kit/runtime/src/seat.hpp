#pragma once
/// Where one thread of the plugin rests until another one wakes it.
///
///     const std::uint32_t seen = seat.now();      // before the last look at whether there is something to do
///     seat.rest(seen, 100ms);                     // back at once if it was woken since

#include <shunt/bus/doorbell.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace shunt::kit {

class Seat {
 public:
  [[nodiscard]] std::uint32_t now() const noexcept { return word_.load(std::memory_order_acquire); }

  /// Its own thread. May come back for nothing.
  void rest(std::uint32_t seen, std::chrono::nanoseconds timeout) noexcept {
    asleep_.store(true, std::memory_order_seq_cst);  // before the kernel looks at the word: see wake()
    bus::detail::futex_wait(&word_, seen, timeout);
    asleep_.store(false, std::memory_order_relaxed);
  }

  /// Any thread. A system call only where somebody sleeps, or is about to.
  void wake() noexcept {
    word_.fetch_add(1, std::memory_order_seq_cst);  // either we see that it sleeps, or the kernel sees the new word
    if (asleep_.load(std::memory_order_seq_cst)) bus::detail::futex_wake(&word_, 1);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
  std::atomic<bool> asleep_{false};
};

}  // namespace shunt::kit
