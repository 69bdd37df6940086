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

/// Asks for a cache line before it is written. As an instruction of its own, because a compiler that may not assume it
/// asks for a copy to read, and the write has to wait for the line all the same.
inline void prefetch_to_write(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 1);
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
