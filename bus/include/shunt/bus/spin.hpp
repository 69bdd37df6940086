#pragma once
/// Spinning: the pause instruction, and a lock of a few instructions between threads of one process.

#include <atomic>

namespace shunt::bus {

/// Tells the core that this is a spin loop. Any thread.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Private to one process, never in shared memory. Held for a few instructions: no system call, no user code.
class SpinLock {
 public:
  void lock() noexcept {
    while (!try_lock())
      while (held_.load(std::memory_order_relaxed)) spin_pause();
  }
  /// Acquire pairs with the release in unlock().
  bool try_lock() noexcept { return !held_.exchange(true, std::memory_order_acquire); }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

}  // namespace shunt::bus
