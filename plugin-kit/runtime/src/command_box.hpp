#pragma once
/// Phases on their way from the control thread to the serving thread, which looks at one word and takes no lock for it.

#include <shunt/bus/doorbell.hpp>
#include <shunt/schemas/control_generated.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

namespace shunt::kit {

class CommandBox {
 public:
  /// Control thread.
  void post(control::Phase phase) {
    {
      const std::lock_guard lock{mutex_};
      phases_.push_back(phase);
    }
    word_.fetch_add(1, std::memory_order_release);  // pairs with the acquire in waiting()
    bus::detail::futex_wake(&word_, 1);
  }

  /// Serving thread: whether a phase was posted that take() has not given yet.
  [[nodiscard]] bool waiting() const noexcept { return word_.load(std::memory_order_acquire) != taken_; }

  /// Serving thread: the next phase; sleeps until there is one.
  control::Phase take() {
    while (!waiting()) bus::detail::futex_wait(&word_, taken_, std::chrono::hours{1});
    ++taken_;
    const std::lock_guard lock{mutex_};
    const control::Phase phase = phases_.front();
    phases_.pop_front();
    return phase;
  }

  /// Changes with every post; what else the serving thread sleeps on.
  [[nodiscard]] const std::atomic<std::uint32_t>& word() const noexcept { return word_; }
  [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }

 private:
  std::atomic<std::uint32_t> word_{0};
  std::uint32_t taken_ = 0;
  std::mutex mutex_;
  std::deque<control::Phase> phases_;
};

}  // namespace shunt::kit
