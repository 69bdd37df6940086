#pragma once
/// What waits for one subscription of the host: publications that were drained, until poll() runs the callback.

#include "key_index.hpp"
#include "route_info.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/host/received_bytes.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace shunt::host {

/// A publication as the callback gets it.
struct Parcel {
  ReceivedBytes payload;
  std::uint8_t flags = 0;
  std::uint64_t key = 0;
};

class Inbox {
 public:
  using Callback = std::function<bool(Parcel&)>;  ///< False: not of the topic's type.

  Inbox(const RouteInfo& topic, SlowConsumer slow_policy, Callback on_parcel)
      : route(topic),
        policy(slow_policy),
        callback_(std::move(on_parcel)),
        queue_(std::max(backlog_of(topic), 1u) + (topic.latch == nullptr ? 0u : topic.settings.latched)) {
    if (policy == SlowConsumer::Conflate) index_ = KeyIndex{queue_.size()};
  }

  const RouteInfo& route;
  const SlowConsumer policy;
  bool was_greeted = false;  ///< With what its topic keeps; for the control thread.

  [[nodiscard]] bool would_refuse(bool urgent) noexcept {
    if (policy != SlowConsumer::Refuse || waiting() < queue_.size()) return false;
    const std::lock_guard lock{lock_};
    return size_ >= queue_.size() && !(urgent && urgent_count_ < bus::kUrgentMax);
  }
  [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }
  /// Whether run() would do something. Who puts, or has run, looks after a full fence: one of the two sees it.
  [[nodiscard]] bool is_due() const noexcept {
    return waiting() > 0 && !is_running_.load(std::memory_order_relaxed) && !closed_.load(std::memory_order_relaxed);
  }

  /// By whoever drains. A full inbox drops as the route's policy says; where it refuses, would_refuse() was asked
  /// first.
  void put(Parcel parcel) noexcept {
    const std::lock_guard lock{lock_};
    const std::size_t urgent_max = (parcel.flags & bus::flag::kLastWill) != 0 ? urgent_.size() : bus::kUrgentMax;
    if ((parcel.flags & bus::flag::kUrgent) != 0 && urgent_count_ < urgent_max) {
      urgent_[(urgent_first_ + urgent_count_++) % urgent_.size()] = std::move(parcel);
      note_waiting();
      return;
    }
    const bool conflates = policy == SlowConsumer::Conflate;
    if (const auto place = conflates ? index_.find(parcel.key) : std::nullopt) {
      queue_[*place] = std::move(parcel);
      conflated_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (size_ == queue_.size()) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      if (policy != SlowConsumer::DropOldest && !conflates) return;
      static_cast<void>(pop());
    }
    const std::size_t place = (head_ + size_) % queue_.size();
    if (conflates) index_.put(parcel.key, place);
    queue_[place] = std::move(parcel);
    ++size_;
    note_waiting();
  }

  /// Runs the callback for up to `most` parcels, on this thread, in order. One thread at a time; others return at once.
  std::size_t run(std::size_t most) {
    Turn turn{*this};
    if (!turn.running) return 0;
    std::size_t count = 0;
    for (Parcel parcel; count < most && take(parcel); ++count)
      if (!callback_(parcel)) dropped_.fetch_add(1, std::memory_order_relaxed);
    return count;
  }

  // Old route tables hold an inbox until the thread of grace periods frees them, and a callback may hold the whole
  // host: what goes with the callback must not go there, so whoever ends the subscription gets it.

  /// No callback starts after this; one that runs on another thread has ended. Not from this inbox's own callback. The
  /// caller destroys the callback that it gets, with no lock held: it is the user's.
  [[nodiscard]] Callback close() {
    closed_.store(true, std::memory_order_relaxed);
    const std::lock_guard running{running_};
    return std::exchange(callback_, nullptr);
  }
  /// The same from inside the callback, which goes when it has returned, on the same thread.
  void close_from_callback() noexcept {
    closed_.store(true, std::memory_order_relaxed);
    ended_itself_ = true;
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t conflated() const noexcept { return conflated_.load(std::memory_order_relaxed); }

 private:
  /// One thread's run of the callback. Also when the callback throws, one that ended its own subscription goes.
  struct Turn {
    explicit Turn(Inbox& of) : inbox(of), running(of.running_, std::try_to_lock) {
      if (running) inbox.is_running_.store(true, std::memory_order_relaxed);
    }
    ~Turn() {
      if (!running) return;
      inbox.is_running_.store(false, std::memory_order_relaxed);  // before the lock goes: the next one sets it
      if (!inbox.ended_itself_) return;
      const Callback last = std::exchange(inbox.callback_, nullptr);
      running.unlock();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    Inbox& inbox;
    std::unique_lock<std::mutex> running;
  };

  bool take(Parcel& parcel) noexcept {
    const std::lock_guard lock{lock_};
    if (size_ + urgent_count_ == 0 || closed_.load(std::memory_order_relaxed)) return false;
    parcel = urgent_count_ > 0 ? pop_urgent() : pop();
    return true;
  }
  void note_waiting() noexcept {
    waiting_.store(static_cast<std::uint32_t>(size_ + urgent_count_), std::memory_order_relaxed);
  }
  Parcel pop_urgent() noexcept {
    Parcel parcel = std::move(urgent_[urgent_first_]);
    urgent_first_ = (urgent_first_ + 1) % urgent_.size();
    --urgent_count_;
    note_waiting();
    return parcel;
  }
  /// The oldest that is not urgent, under the lock.
  Parcel pop() noexcept {
    Parcel parcel = std::move(queue_[head_]);
    if (policy == SlowConsumer::Conflate) index_.erase(parcel.key);
    head_ = (head_ + 1) % queue_.size();
    --size_;
    note_waiting();
    return parcel;
  }

  std::mutex running_;
  Callback callback_;          // under running_
  bool ended_itself_ = false;  // under running_
  bus::SpinLock lock_;
  std::vector<Parcel> queue_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<bool> is_running_{false};
  KeyIndex index_;                                  // under lock_; of a policy that conflates
  std::array<Parcel, 2 * bus::kUrgentMax> urgent_;  // under lock_: they go before the others; half is for last wills
  std::size_t urgent_first_ = 0;
  std::size_t urgent_count_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> conflated_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace shunt::host
