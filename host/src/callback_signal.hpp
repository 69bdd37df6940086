#pragma once
/// A descriptor that can be read while a callback is due, for threads that sleep in an epoll of their own.
///
///     a plugin rings ──► the watcher drains ──► an inbox has something, ──► the descriptor can be read
///                             ▲                 or a call its outcome                │
///                             └────── a poll() that ran nothing clears it ◄── the user's thread polls
///
/// A call with a callback also ends by its deadline, which the watcher sleeps no longer than, and by being cancelled,
/// which wakes it.
///
/// Plugins ring by futex, which epoll cannot wait for, so a thread does: the watcher. It sleeps as every thread of the
/// host that waits (lead.cpp) and rests while the descriptor can be read. Nothing is lost between the two: who clears
/// the descriptor wakes the watcher, which looks at lanes and inboxes before it sleeps.

#include "hub.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <condition_variable>
#include <thread>

namespace shunt::host {

class CallbackSignal {
 public:
  /// `is_due`: whether something waits for a callback that no thread runs just now. Any thread; it and `hub` outlive
  /// this. Errors: System (no descriptor, no thread).
  [[nodiscard]] static Result<std::unique_ptr<CallbackSignal>> create(Hub& hub, std::function<bool()> is_due);
  ~CallbackSignal();
  CallbackSignal(const CallbackSignal&) = delete;
  CallbackSignal& operator=(const CallbackSignal&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

  /// At the end of each poll(), on its thread. A system call only when the descriptor changes.
  void polled(bool ran_any);

 private:
  CallbackSignal(Hub& hub, std::function<bool()> is_due, bus::UniqueFd event)
      : hub_(hub), is_due_(std::move(is_due)), event_(std::move(event)) {}
  void watch();
  void raise();
  void clear();
  bool rest();

  Hub& hub_;
  const std::function<bool()> is_due_;
  const bus::UniqueFd event_;
  std::mutex mutex_;  // the descriptor and raised_ change together
  std::condition_variable changed_;
  std::atomic<bool> raised_{false};    // written under mutex_
  std::atomic<bool> stopping_{false};  // written under mutex_
  std::thread watcher_;
};

}  // namespace shunt::host
