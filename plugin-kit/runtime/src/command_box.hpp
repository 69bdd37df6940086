#pragma once
/// Commands on their way from the control thread to the serving thread, which looks at one word and takes no lock for
/// it; and the word that it sleeps on beside the lane's.

#include "state_command.hpp"

#include <shunt/bus/doorbell.hpp>
#include <shunt/schemas/control_generated.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>
#include <variant>

namespace shunt::kit {

using Command = std::variant<control::Phase, StateCommand>;

class CommandBox {
 public:
  /// Control thread.
  void post(Command command) {
    {
      const std::lock_guard lock{mutex_};
      commands_.push_back(std::move(command));
    }
    posted_.fetch_add(1, std::memory_order_release);  // pairs with the acquire in waiting()
    nudge();
  }

  /// Any thread: wakes the serving thread if it sleeps, for something that it will see then.
  void nudge() noexcept {
    word_.fetch_add(1, std::memory_order_release);  // pairs with the acquire in word_now()
    bus::detail::futex_wake(&word_, 1);
  }

  /// Whether a command was posted that take() has not given yet. Any thread; relaxed, because what it took last is the
  /// serving thread's own word.
  [[nodiscard]] bool waiting() const noexcept {
    return posted_.load(std::memory_order_acquire) != taken_.load(std::memory_order_relaxed);
  }

  /// Serving thread: the next command; sleeps until there is one.
  Command take() {
    for (std::uint32_t seen = word_now(); !waiting(); seen = word_now())
      bus::detail::futex_wait(&word_, seen, std::chrono::hours{1});
    taken_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock{mutex_};
    Command command = std::move(commands_.front());
    commands_.pop_front();
    return command;
  }

  /// Changes with every post and nudge; what else the serving thread sleeps on.
  [[nodiscard]] const std::atomic<std::uint32_t>& word() const noexcept { return word_; }
  [[nodiscard]] std::uint32_t word_now() const noexcept { return word_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint32_t> word_{0};
  std::atomic<std::uint32_t> posted_{0};
  std::atomic<std::uint32_t> taken_{0};
  std::mutex mutex_;
  std::deque<Command> commands_;  // under mutex_
};

}  // namespace shunt::kit
