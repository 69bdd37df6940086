#pragma once
/// Waiting for a condition that something else brings about.

#include <chrono>
#include <thread>

namespace storm {

/// What is called a hang: generous, because it only bounds how long a failing test takes to say so.
inline constexpr std::chrono::seconds kHang{60};

/// True as soon as `condition()` holds; false when it never did.
template <typename Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
  for (const auto hang = std::chrono::steady_clock::now() + kHang; !condition();) {
    if (std::chrono::steady_clock::now() > hang) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace storm
