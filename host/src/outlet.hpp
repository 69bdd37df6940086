#pragma once
/// What waits, private to the host, for one consumer of one route: messages that found its ring full or no instance
/// there. The route's slow-consumer policy acts here and nowhere else: pushed messages are never recalled.

#include "instance.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/host/configuration.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace shunt::host {

/// A message with its inline payload; a chunk payload is held by whoever holds this.
struct QueuedMessage {
  bus::MessageHeader header;
  std::array<std::byte, bus::kInlineBytesMax> payload;

  [[nodiscard]] std::span<const std::byte> inline_payload() const noexcept {
    return {payload.data(), header.place == bus::Place::Inline ? header.payload_bytes : 0};
  }
};

/// A message that has been checked and is ready to go to any lane of the compartment.
struct Message {
  bus::MessageHeader header;
  std::span<const std::byte> inline_payload;
};

/// OverQuota: a request, and as many as may be are in flight. Unwanted: a nested one, and nobody waits for the outer
/// one.
enum class Delivered : std::uint8_t { InRing, InBacklog, DroppedOldest, DroppedNewest, Refused, OverQuota, Unwanted };

class Outlet {
 public:
  struct Counters {
    std::uint64_t queued = 0;
    std::uint64_t dropped_oldest = 0;
    std::uint64_t dropped_newest = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown = 0;  ///< Outcomes lost in a death.
    std::uint64_t redelivered = 0;
    std::uint64_t no_chunk = 0;  ///< Lost because the pool towards the consumer was used up.
    std::uint64_t stopped = 0;   ///< Dropped because the consumer was stopped.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_oldest + dropped_newest + no_chunk + stopped; }
  };

  /// `leftover` is how many messages a dead instance's ring can give back on top of `backlog`.
  Outlet(RouteId route_id, std::string consumer_name, SlowConsumer slow_policy, std::uint32_t backlog,
         std::uint32_t leftover, std::shared_ptr<InboundPool> inbound)
      : route(route_id),
        consumer(std::move(consumer_name)),
        policy(slow_policy),
        pool(std::move(inbound)),
        limit_(backlog),
        queue_(places(backlog, leftover)) {}

  /// What one takes of the host's private memory. It grows beyond that only where two instances of a plugin died at one
  /// time, or more threads than we think of publish at the same moment.
  [[nodiscard]] static constexpr std::size_t bytes(std::uint32_t backlog, std::uint32_t leftover) noexcept {
    return places(backlog, leftover) * sizeof(QueuedMessage);
  }

  const RouteId route;
  const std::string consumer;  ///< The plugin's name.
  const SlowConsumer policy;
  const std::shared_ptr<InboundPool> pool;

  /// Messages that wait; a look without the lock, exact for what the calling thread itself has queued.
  [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }
  /// How many may wait.
  [[nodiscard]] std::size_t backlog() const noexcept { return limit_; }
  [[nodiscard]] bool would_refuse() const noexcept { return policy == SlowConsumer::Refuse && waiting() >= limit_; }

  /// Puts a message behind those that wait, as the policy says. `on_dropped(QueuedMessage&)` lets go of what is
  /// dropped. Where it says refuse, a request is refused here; a publication was asked about with would_refuse(), and
  /// is taken although others came between: its other receivers may have it already.
  template <typename OnDropped>
  Delivered enqueue(const Message& message, OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    Delivered result = Delivered::InBacklog;
    const bool asked_before = policy == SlowConsumer::Refuse && message.header.kind == bus::Kind::Publication;
    if (asked_before && size_ == queue_.size()) grow();
    if (size_ >= limit_ && !asked_before) {
      if (policy == SlowConsumer::Refuse) return ++counters_.refused, Delivered::Refused;
      if (policy == SlowConsumer::DropNewest || limit_ == 0)
        return ++counters_.dropped_newest, Delivered::DroppedNewest;
      on_dropped(queue_[head_]);
      pop();
      ++counters_.dropped_oldest;
      result = Delivered::DroppedOldest;
    }
    store(at(size_), message);
    resize(size_ + 1);
    ++counters_.queued;
    return result;
  }

  /// Puts what a dead instance left in front of those that wait, oldest first; never refused, because it was accepted
  /// once. All of it at once: a sender that flushed in between would send the younger before the older.
  void put_back(std::span<const QueuedMessage* const> messages) noexcept {
    const std::lock_guard lock{lock_};
    while (size_ + messages.size() > queue_.size()) grow();
    for (std::size_t left = messages.size(); left > 0; --left) {
      const QueuedMessage& message = *messages[left - 1];
      head_ = head_ == 0 ? queue_.size() - 1 : head_ - 1;
      store(queue_[head_], {message.header, message.inline_payload()});
    }
    resize(size_ + messages.size());
  }

  /// Gives messages, oldest first, to `send(QueuedMessage&) -> bool` until it says no.
  template <typename Send>
  std::uint32_t flush(Send&& send) noexcept {
    const std::lock_guard lock{lock_};
    std::uint32_t sent = 0;
    for (; size_ > 0 && send(queue_[head_]); ++sent) pop();
    return sent;
  }

  /// Takes out the request with this correlation, which nobody waits for any more; what is behind it or before it moves
  /// up, whichever is less. `on_dropped` as for enqueue(). Nothing happens when it is not here.
  template <typename OnDropped>
  void withdraw(std::uint64_t correlation, OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    std::size_t place = 0;
    const auto is_it = [&](const bus::MessageHeader& header) {
      return header.kind == bus::Kind::Request && header.correlation == correlation;
    };
    while (place < size_ && !is_it(at(place).header)) ++place;
    if (place == size_) return;
    on_dropped(at(place));
    if (place < size_ / 2) {
      for (; place > 0; --place) at(place) = at(place - 1);
      return pop();
    }
    for (; place + 1 < size_; ++place) at(place) = at(place + 1);
    resize(size_ - 1);
  }

  /// Drops all that waits for a consumer that was stopped, and says how many. `on_dropped` as for enqueue().
  template <typename OnDropped>
  std::uint32_t drop(OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    const auto count = static_cast<std::uint32_t>(size_);
    for (; size_ > 0; pop()) on_dropped(queue_[head_]);
    counters_.stopped += count;
    return count;
  }

  void count_unknown() noexcept { bump(counters_.unknown); }
  void count_refused() noexcept { bump(counters_.refused); }
  void count_no_chunk() noexcept { bump(counters_.no_chunk); }
  void count_redelivered() noexcept { bump(counters_.redelivered); }
  [[nodiscard]] Counters counters() noexcept {
    const std::lock_guard lock{lock_};
    return counters_;
  }

 private:
  static constexpr std::size_t kSlack = 64;  ///< Threads that may pass a full check at the same moment.

  static constexpr std::size_t places(std::uint32_t backlog, std::uint32_t leftover) noexcept {
    return std::size_t{backlog} + leftover + kSlack;
  }
  QueuedMessage& at(std::size_t place) noexcept { return queue_[(head_ + place) % queue_.size()]; }
  static void store(QueuedMessage& to, const Message& message) noexcept {
    to.header = message.header;
    if (!message.inline_payload.empty())
      std::memcpy(to.payload.data(), message.inline_payload.data(), message.inline_payload.size());
  }
  /// Two instances of a plugin, and versions with longer rings, can leave more than was thought of.
  void grow() {
    std::vector<QueuedMessage> larger(queue_.size() * 2);
    for (std::size_t place = 0; place < size_; ++place) larger[place] = at(place);
    queue_ = std::move(larger);
    head_ = 0;
  }
  void pop() noexcept {
    head_ = (head_ + 1) % queue_.size();
    resize(size_ - 1);
  }
  void resize(std::size_t size) noexcept {
    size_ = size;
    waiting_.store(static_cast<std::uint32_t>(size), std::memory_order_relaxed);
  }
  void bump(std::uint64_t& counter) noexcept {
    const std::lock_guard lock{lock_};
    ++counter;
  }

  bus::SpinLock lock_;
  std::size_t limit_;
  std::vector<QueuedMessage> queue_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  Counters counters_;
  std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace shunt::host
