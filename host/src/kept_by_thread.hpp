#pragma once
/// What a thread keeps for itself and is too large for its thread-local storage, which is cut out of the stack of every
/// thread of a program, also of those that never meet a host: one with a stack of 64 KiB could not be started any more.

#include <new>

namespace shunt::host {

/// One T for each thread, made when that first asks, gone with the thread.
template <class T>
class KeptByThread {
 public:
  /// nullptr where there is no memory for it, and when the thread has ended as far as taking it back.
  [[nodiscard]] static T* get() noexcept {
    if (kept == nullptr) [[unlikely]]
      make();
    return kept;
  }

 private:
  struct Owner {
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() {
      delete kept;
      kept = nullptr;
      is_over = true;
    }
  };

  [[gnu::noinline, gnu::cold]] static void make() noexcept {
    if (is_over) return;
    static thread_local Owner owner;
    kept = new (std::nothrow) T;
  }

  static inline constinit thread_local T* kept = nullptr;
  static inline constinit thread_local bool is_over = false;
};

}  // namespace shunt::host
