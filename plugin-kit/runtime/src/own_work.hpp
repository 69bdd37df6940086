#pragma once
/// What runs of the plugin beside messages, one thing at a time: the host, which sees messages alone, could not tell
/// that it hangs, so the control thread looks.

#include <atomic>
#include <cstdint>

namespace shunt::kit {

class OwnWork {
 public:
  /// The serving thread that runs it. `what` is a literal: "its health()". `now_ns` above 0.
  void begin(const char* what, std::int64_t now_ns) noexcept {
    what_.store(what, std::memory_order_relaxed);
    since_ns_.store(now_ns, std::memory_order_release);  // pairs with since_ns()
  }
  void end() noexcept { since_ns_.store(0, std::memory_order_relaxed); }

  /// Any thread. 0: nothing of it runs.
  [[nodiscard]] std::int64_t since_ns() const noexcept { return since_ns_.load(std::memory_order_acquire); }
  /// After since_ns() was not 0; it may be that of something that began later.
  [[nodiscard]] const char* what() const noexcept { return what_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> since_ns_{0};
  std::atomic<const char*> what_{""};
};

}  // namespace shunt::kit
