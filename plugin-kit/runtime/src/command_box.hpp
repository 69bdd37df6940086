#pragma once
/// Phases on their way from the control thread to the serving thread, which looks at one word and takes no lock for it;
/// and the word that it sleeps on beside the lane's.

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
    posted_.fetch_add(1, std::memory_order_release);  // pairs with the acquire in waiting()
    nudge();
  }

  /// Any thread: wakes the serving thread if it sleeps, for something that it will see then.
  void nudge() noexcept {
    word_.fetch_add(1, std::memory_order_release);  // pairs with the acquire in word_now()
    bus::detail::futex_wake(&word_, 1);
  }

  /// Whether a phase was posted that take() has not given yet. Any thread; relaxed, because what it took last is the
  /// serving thread's own word.
  [[nodiscard]] bool waiting() const noexcept {
    return posted_.load(std::memory_order_acquire) != taken_.load(std::memory_order_relaxed);
  }

  /// Serving thread: the next phase; sleeps until there is one.
  control::Phase take() {
    for (std::uint32_t seen = word_now(); !waiting(); seen = word_now())
      bus::detail::futex_wait(&word_, seen, std::chrono::hours{1});
    taken_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock{mutex_};
    const control::Phase phase = phases_.front();
    phases_.pop_front();
    return phase;
  }

  /// Changes with every post and nudge; what else the serving thread sleeps on.
  [[nodiscard]] const std::atomic<std::uint32_t>& word() const noexcept { return word_; }
  [[nodiscard]] std::uint32_t word_now() const noexcept { return word_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint32_t> word_{0};
  std::atomic<std::uint32_t> posted_{0};
  std::atomic<std::uint32_t> taken_{0};
  std::mutex mutex_;
  std::deque<control::Phase> phases_;
};

}  // namespace shunt::kit
