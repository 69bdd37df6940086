#pragma once
/// The futex by which one end of a shared-memory ring wakes the other.

#include <shunt/bench/waiting.hpp>

#include <atomic>
#include <cstdint>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::bench {

/// In shared memory, in a line of its own; zero at first. One process waits on it, one rings it.
class alignas(64) Doorbell {
 public:
  /// Waits as `waiting` says until `ready()`.
  template <typename Ready>
  void await(const Waiting& waiting, Ready ready) {
    Spinner spinner{waiting};
    while (!ready()) {
      if (spinner.spin()) continue;
      asleep_.store(1, std::memory_order_relaxed);
      // Pairs with the fence in ring(): either the ringer sees that we sleep, or we see what it has written.
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (!ready()) syscall(SYS_futex, &asleep_, FUTEX_WAIT, 1, nullptr, nullptr, 0);
      asleep_.store(0, std::memory_order_relaxed);
    }
  }

  /// Wakes the other end if it sleeps. Call it after the store that makes `ready()` true.
  void ring(const Waiting& waiting) {
    if (waiting.wait == Wait::Spin) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) == 0) return;
    asleep_.store(0, std::memory_order_relaxed);
    syscall(SYS_futex, &asleep_, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }

 private:
  std::atomic<std::uint32_t> asleep_;
};

}  // namespace shunt::bench
