#pragma once
/// Waiting for a condition, never for a time.

#include "process.hpp"

#include <thread>

namespace shunt::test {

/// Whether `condition` came true within kPatience.
template <typename Condition>
bool await(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

}  // namespace shunt::test
