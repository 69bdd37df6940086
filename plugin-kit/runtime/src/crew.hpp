#pragma once
/// The threads that run handlers, where there are several: who of them watches the lane while the others rest.
///
/// One that has nothing to do watches, or rests in its seat while another one watches; so does one whose handler waits
/// for an answer. Whoever stops watching wakes another, first one that has nothing to do: it can take what comes. All
/// of it is decided under the threads' lock, so nobody rests while nobody watches.

#include "hand.hpp"
#include "threads_lock.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace shunt::kit {

/// Of the serving threads. Allocates at creation only.
class Crew {
 public:
  Crew(std::uint32_t workers, ThreadsLock& lock) : lock_(lock), resting_(workers, Rest::None) {
    hands_.reserve(workers);
    for (std::uint32_t index = 0; index < workers; ++index) hands_.push_back(std::make_unique<Hand>(index));
  }

  [[nodiscard]] bool several() const noexcept { return hands_.size() > 1; }
  [[nodiscard]] Hand& first() noexcept { return *hands_.front(); }
  [[nodiscard]] const std::vector<std::unique_ptr<Hand>>& hands() const noexcept { return hands_; }

  enum class Rest : std::uint8_t { None, Idle, Waiting };

  /// Whether this thread watches from now on: nobody else does. `as`: Idle, if it takes what comes.
  bool watch(const Hand& hand, Rest as) noexcept {
    if (const Hand* const other = watcher_.load(std::memory_order_relaxed)) return other == &hand;
    const ThreadsLock::Hold hold{lock_};
    if (watcher_.load(std::memory_order_relaxed) == nullptr) {
      watcher_.store(&hand, std::memory_order_relaxed);
      watched_as_.store(as, std::memory_order_relaxed);
    }
    return watcher_.load(std::memory_order_relaxed) == &hand;
  }
  /// Whether whoever watches takes what comes; a look without the lock.
  [[nodiscard]] bool is_taken_care_of() const noexcept {
    return watched_as_.load(std::memory_order_relaxed) == Rest::Idle;
  }

  /// Rests while somebody else watches, until it is woken or the time has passed that `longest()` gives, under the
  /// lock. Not at all when that is 0, or nobody watches.
  template <typename Longest>
  void rest(Hand& hand, Rest how, Longest&& longest) noexcept {
    std::uint32_t seen = 0;
    std::chrono::nanoseconds timeout{0};
    {
      const ThreadsLock::Hold hold{lock_};
      if (watcher_.load(std::memory_order_relaxed) == nullptr) return;
      if (timeout = longest(); timeout.count() <= 0) return;
      resting_[hand.index] = how;
      seen = hand.seat.now();
    }
    hand.seat.rest(seen, timeout);
    const ThreadsLock::Hold hold{lock_};
    resting_[hand.index] = Rest::None;
  }

  /// Under the lock: this thread has something else to do. Wakes who watches next; without a watch to leave, one that
  /// rests idle, when there is `more` to take. True: there is, and it is whoever watches that has to look.
  bool leave_watch(const Hand& hand, bool more) noexcept {
    if (watcher_.load(std::memory_order_relaxed) == &hand) {
      watcher_.store(nullptr, std::memory_order_relaxed);
      watched_as_.store(Rest::None, std::memory_order_relaxed);
      if (!wake_one(Rest::Idle)) wake_one(Rest::Waiting);
      return false;
    }
    return more && !wake_one(Rest::Idle) && is_taken_care_of();
  }
  /// Under the lock: one that rests idle has something to take. False: none does.
  bool call_idle() noexcept { return wake_one(Rest::Idle); }
  /// Under the lock: one that takes what comes, if any has nothing to do, looks around anew. True: it is whoever
  /// watches, and is to be nudged.
  bool call_taker() noexcept {
    if (is_taken_care_of()) return true;
    wake_one(Rest::Idle);
    return false;
  }
  /// Everybody who rests.
  void call_all() noexcept {
    const ThreadsLock::Hold hold{lock_};
    for (const auto& hand : hands_) hand->seat.wake();
  }

  /// A worker begins, before its thread is there, or ends.
  void enter() noexcept {
    const ThreadsLock::Hold hold{lock_};
    ++at_work_;
  }
  void leave(const Hand& hand) noexcept {
    {
      const ThreadsLock::Hold hold{lock_};
      leave_watch(hand, false);
      --at_work_;
    }
    call_all();
  }
  /// Waits until all that entered have left. By the first.
  void await_all_left() noexcept {
    for (std::uint32_t seen = first().seat.now();; seen = first().seat.now()) {
      {
        const ThreadsLock::Hold hold{lock_};
        if (at_work_ == 0) return;
      }
      first().seat.rest(seen, bus::kSleepMax);
    }
  }

 private:
  /// It is woken once: until it has looked it does not rest.
  bool wake_one(Rest how) noexcept {
    for (std::size_t index = 0; index < resting_.size(); ++index) {
      if (resting_[index] != how) continue;
      resting_[index] = Rest::None;
      hands_[index]->seat.wake();
      return true;
    }
    return false;
  }

  ThreadsLock& lock_;
  std::vector<std::unique_ptr<Hand>> hands_;
  std::vector<Rest> resting_;
  std::atomic<const Hand*> watcher_{nullptr};  // changed under the lock, as is the next
  std::atomic<Rest> watched_as_{Rest::None};
  std::uint32_t at_work_ = 0;
};

}  // namespace shunt::kit
