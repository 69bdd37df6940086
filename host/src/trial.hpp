#pragma once
/// Calls that try a version again which failed: so many over a route, and no more.

#include <atomic>
#include <cstdint>

namespace shunt::host {

class Trial {
 public:
  explicit Trial(std::uint32_t calls) noexcept : left_(calls) {}

  /// Whether this call is one of them. Any thread. Relaxed: which of them it is matters to nobody.
  [[nodiscard]] bool admit() noexcept {
    std::uint32_t left = left_.load(std::memory_order_relaxed);
    while (left > 0)
      if (left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) return true;
    return false;
  }

 private:
  std::atomic<std::uint32_t> left_;
};

}  // namespace shunt::host
