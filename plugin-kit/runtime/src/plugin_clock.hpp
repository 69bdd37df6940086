#pragma once
/// The clock of a plugin: the machine's, or one that stands still until the host says how far it goes.

#include <shunt/bus/clock.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace shunt::kit {

class PluginClock {
 public:
  /// `driven`: it starts at `start_ns`, and goes on when it is told to.
  PluginClock(bool driven, std::int64_t start_ns) : driven_(driven), driven_ns_(start_ns) {}

  [[nodiscard]] bool is_driven() const noexcept { return driven_; }
  /// Any thread.
  [[nodiscard]] std::int64_t now_ns() const noexcept {
    return driven_ ? driven_ns_.load(std::memory_order_relaxed) : bus::now_ns();
  }

  /// Serving thread, of a driven one; it never goes back.
  void set(std::int64_t now_ns) noexcept { driven_ns_.store(now_ns, std::memory_order_relaxed); }

  /// Control thread: to be gone on by so much, once what was asked before is done.
  void ask(std::uint64_t by_ns) {
    const std::lock_guard lock{mutex_};
    asked_.push_back(by_ns);
  }
  /// Serving thread: what is asked for and not taken yet, oldest first.
  [[nodiscard]] std::vector<std::uint64_t> take_asked() {
    const std::lock_guard lock{mutex_};
    return std::exchange(asked_, {});
  }

 private:
  const bool driven_;
  std::atomic<std::int64_t> driven_ns_;
  std::mutex mutex_;
  std::vector<std::uint64_t> asked_;  // under mutex_
};

}  // namespace shunt::kit
