#pragma once
/// A caller waiting for its reply: a word of its own that whoever drains the lanes completes.

#include <shunt/bus/doorbell.hpp>
#include <shunt/host/received_bytes.hpp>
#include <shunt/schemas/result.hpp>

#include <atomic>
#include <optional>

namespace shunt::host {

class AsyncCalls;

/// Lives on the caller's stack, or is an AsyncCall. Whoever takes it out of the in-flight table completes it, exactly
/// once.
class PendingCall {
 public:
  enum State : std::uint32_t { Waiting, Sleeping, Lead, Completed };

  /// The reply's payload, or why there is none. Valid once completed.
  ReceivedBytes reply;
  std::optional<Error> failure;

  void complete(ReceivedBytes payload) noexcept {
    reply = std::move(payload);
    change(Completed);
  }
  /// The same by the thread that waits: nobody else has to see it, and nobody has to be woken.
  void complete_here(ReceivedBytes payload) noexcept {
    reply = std::move(payload);
    state_.store(Completed, std::memory_order_relaxed);
  }
  void fail(Error why) noexcept {
    failure.emplace(std::move(why));
    change(Completed);
  }
  /// Asks a follower that sleeps, or is about to, to drain the lanes itself, because the leader left. False when it has
  /// its reply or was asked already.
  bool promote() noexcept {
    std::uint32_t expected = Waiting;
    if (state_.compare_exchange_strong(expected, Lead, std::memory_order_relaxed)) return true;
    if (expected != Sleeping || !state_.compare_exchange_strong(expected, Lead, std::memory_order_relaxed))
      return false;
    bus::detail::futex_wake(&state_, 1);
    return true;
  }

  /// Acquire pairs with the release in change(): who sees Completed sees reply or failure.
  [[nodiscard]] bool completed() const noexcept { return state_.load(std::memory_order_acquire) == Completed; }
  /// Whether nobody waits for it: who completes it hands it to poll(), which runs its callback.
  [[nodiscard]] bool has_callback() const noexcept { return due_ != nullptr; }

  /// Sleeps until completed or promoted, or `timeout`. A private word: only threads of this process touch it.
  void sleep(std::chrono::nanoseconds timeout) noexcept {
    std::uint32_t expected = Waiting;
    if (state_.compare_exchange_strong(expected, Sleeping, std::memory_order_relaxed))
      bus::detail::futex_wait(&state_, Sleeping, timeout);
    for (const std::uint32_t awake : {Sleeping, Lead}) {
      expected = awake;
      state_.compare_exchange_strong(expected, Waiting, std::memory_order_relaxed);
    }
  }

 protected:
  /// Makes it ready for the next call; null: its caller asks for the outcome.
  void arm(AsyncCalls* due) noexcept {
    due_ = due;
    state_.store(Waiting, std::memory_order_relaxed);  // the record that names it is made under a lock
  }
  void end() noexcept { change(Completed); }

 private:
  /// The caller may return, and this object end, the moment it sees Completed: after the exchange only the address is
  /// used, and a wake-up of whatever lies there then is one that every futex user must expect.
  void change(State to) noexcept {
    if (due_ != nullptr) return hand_over();
    if (state_.exchange(to, std::memory_order_acq_rel) == Sleeping) bus::detail::futex_wake(&state_, 1);
  }
  void hand_over() noexcept;  // async_calls.cpp

  std::atomic<std::uint32_t> state_{Waiting};
  AsyncCalls* due_ = nullptr;
};

}  // namespace shunt::host
