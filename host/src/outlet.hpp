#pragma once
/// What waits, private to the host, for one seat of one consumer of one route: messages that found its ring full or no
/// instance there. The route's slow-consumer policy acts here and nowhere else: pushed messages are never recalled.

#include "hints_in.hpp"
#include "instance.hpp"
#include "key_index.hpp"
#include "latch.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/host/configuration.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace shunt::host {

/// A message with what lies in its slot, an inline payload and hints; a chunk payload is held by whoever holds this.
/// One of those that a topic keeps has neither: its payload, of header.payload_bytes, is `kept`.
struct QueuedMessage {
  bus::MessageHeader header;
  std::array<std::byte, bus::kInlineBytesMax> slot;
  const std::byte* kept = nullptr;

  /// Whether it is one of those that a topic keeps.
  [[nodiscard]] bool is_of_greeting() const noexcept {
    return kept != nullptr && (header.flags & bus::flag::kLatched) != 0;
  }
  [[nodiscard]] std::span<const std::byte> content() const noexcept {
    return {slot.data(), kept != nullptr ? 0 : bus::content_bytes_of(header)};
  }
  [[nodiscard]] Hints hints() const noexcept { return hints_in(header, content()); }
};

/// A message that has been checked and is ready to go to any lane of the compartment.
struct Message {
  bus::MessageHeader header;
  std::span<const std::byte> content;  ///< Of its slot: an inline payload, and hints.
};

/// Now: what waits in the outlet is for another instance than the target's.
enum class Turn : std::uint8_t { InOrder, Now };

/// OverQuota: a request, and as many as may be are in flight. Unwanted: a nested one, and nobody waits for the outer
/// one.
enum class Delivered : std::uint8_t {
  InRing,
  InBacklog,
  DroppedOldest,
  DroppedNewest,
  Conflated,
  Refused,
  OverQuota,
  Unwanted
};

class Outlet {
 public:
  struct Counters {
    std::uint64_t queued = 0;
    std::uint64_t dropped_oldest = 0;
    std::uint64_t dropped_newest = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown = 0;  ///< Outcomes lost in a death.
    std::uint64_t redelivered = 0;
    std::uint64_t no_chunk = 0;   ///< Lost because the pool towards the consumer was used up.
    std::uint64_t stopped = 0;    ///< Dropped because the consumer was stopped.
    std::uint64_t conflated = 0;  ///< A newer one of the same key took their place.
    std::uint64_t latched = 0;    ///< Of what the topic keeps, given to an instance that came late.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_oldest + dropped_newest + no_chunk + stopped; }
    Counters& operator+=(const Counters& other) noexcept {
      queued += other.queued;
      dropped_oldest += other.dropped_oldest;
      dropped_newest += other.dropped_newest;
      refused += other.refused;
      unknown += other.unknown;
      redelivered += other.redelivered;
      no_chunk += other.no_chunk;
      stopped += other.stopped;
      conflated += other.conflated;
      latched += other.latched;
      return *this;
    }
  };

  /// `leftover` is how many messages a dead instance's ring can give back on top of `backlog`; `bridge`: the consumer
  /// is one.
  Outlet(RouteId route_id, std::string consumer_name, SlowConsumer slow_policy, std::uint32_t backlog,
         std::uint32_t leftover, std::shared_ptr<InboundPool> inbound, bool bridge = false,
         std::uint32_t seat_number = 0)
      : route(route_id),
        consumer(std::move(consumer_name)),
        seat(seat_number),
        policy(slow_policy),
        pool(std::move(inbound)),
        is_bridge(bridge),
        limit_(backlog),
        queue_(places(backlog, leftover)),
        index_(slow_policy == SlowConsumer::Conflate ? KeyIndex{queue_.size()} : KeyIndex{}) {}

  /// What one takes of the host's private memory. It grows beyond that only where two instances of a plugin died at one
  /// time, or more threads than we think of publish at the same moment.
  [[nodiscard]] static constexpr std::size_t bytes(SlowConsumer policy, std::uint32_t backlog,
                                                   std::uint32_t leftover) noexcept {
    const std::size_t count = places(backlog, leftover);
    return count * sizeof(QueuedMessage) + (policy == SlowConsumer::Conflate ? KeyIndex::bytes(count) : 0);
  }

  const RouteId route;
  const std::string consumer;  ///< The plugin's name.
  const std::uint32_t seat;    ///< Which of the plugin's.
  const SlowConsumer policy;
  const std::shared_ptr<InboundPool> pool;
  const bool is_bridge;  ///< What it has published itself, and the topic keeps, is not for it.

  /// Messages that wait; a look without the lock, exact for what the calling thread itself has queued.
  [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }
  /// Since when something waits without a break, in ns of CLOCK_MONOTONIC; 0: nothing does.
  [[nodiscard]] std::int64_t waits_since_ns() const noexcept { return waits_since_ns_.load(std::memory_order_relaxed); }
  /// How many may wait.
  [[nodiscard]] std::size_t backlog() const noexcept { return limit_; }
  [[nodiscard]] bool would_refuse() const noexcept { return policy == SlowConsumer::Refuse && waiting() >= limit_; }

  /// Puts a message behind those that wait, as the policy says. `on_dropped(QueuedMessage&)` lets go of what is
  /// dropped. Where it says refuse, a request is refused here; a publication was asked about with would_refuse(), and
  /// is taken although others came between: its other receivers may have it already.
  template <typename OnDropped>
  Delivered enqueue(const Message& message, OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    if (const auto place = place_of(bus::key_of(message.header))) return replace(*place, message, on_dropped);
    Delivered result = Delivered::InBacklog;
    const bool asked_before = policy == SlowConsumer::Refuse && message.header.kind == bus::Kind::Publication;
    if (asked_before && size_ == queue_.size()) grow();
    if (size_ >= limit_ && !asked_before) {
      if (policy == SlowConsumer::Refuse) return ++counters_.refused, Delivered::Refused;
      if (policy == SlowConsumer::DropNewest || limit_ == 0)
        return ++counters_.dropped_newest, Delivered::DroppedNewest;
      if (!is_given_up(queue_[head_])) {  // else that was counted then
        on_dropped(queue_[head_]);
        ++counters_.dropped_oldest;
        result = Delivered::DroppedOldest;
      }
      pop();
    }
    append(place_at(size_), message);
    ++counters_.queued;
    return result;
  }

  /// Where the policy is to conflate: lets go of the older message of the same key, if its chunk is of the class that
  /// this one needs. Its place stays, for whoever comes with the key; what is sent before that steps over it.
  template <typename OnDropped>
  bool give_up_older(const bus::MessageHeader& header, OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    const auto place = place_of(bus::key_of(header));
    if (!place || queue_[*place].header.place != bus::Place::Chunk ||
        pool->geometry().class_for(header.payload_bytes) != queue_[*place].header.chunk.size_class())
      return false;
    on_dropped(queue_[*place]);
    queue_[*place].header.place = bus::Place::None;
    queue_[*place].header.payload_bytes = kGivenUp;
    ++counters_.conflated;
    return true;
  }

  /// Puts what a dead instance left in front of those that wait, oldest first; never refused, because it was accepted
  /// once. All of it at once: a sender that flushed in between would send the younger before the older. Where the
  /// policy is to conflate, one that has a younger of its key behind it is dropped: `on_dropped` as for enqueue().
  template <typename OnDropped>
  void put_back(std::span<const QueuedMessage* const> messages, OnDropped&& on_dropped) noexcept {
    const std::lock_guard lock{lock_};
    while (size_ + messages.size() > queue_.size()) grow();
    for (std::size_t left = messages.size(); left > 0; --left) {
      const QueuedMessage& message = *messages[left - 1];
      if (place_of(bus::key_of(message.header))) {
        on_dropped(message);
        ++counters_.conflated;
        continue;
      }
      head_ = head_ == 0 ? queue_.size() - 1 : head_ - 1;
      append(head_, {message.header, message.content()});
    }
  }

  /// Puts what may neither wait behind the others nor be refused in front of them, whatever the policy and however many
  /// they are; where keys conflate, in the place of the older one of its key. With `kept` its payload, which is in no
  /// chunk, lies there. `on_dropped` as for enqueue(). Allocates.
  template <typename OnDropped>
  void put_first(const Message& message, std::unique_ptr<std::byte[]> kept, OnDropped&& on_dropped) {
    const std::lock_guard lock{lock_};
    if (kept_waiting_ == 0) kept_first_.clear();
    std::size_t place = 0;
    if (const auto older = place_of(bus::key_of(message.header))) {
      place = *older;
      replace(place, message, on_dropped);
    } else {
      while (size_ + 1 > queue_.size()) grow();
      place = head_ = head_ == 0 ? queue_.size() - 1 : head_ - 1;
      append(place, message);
      ++counters_.queued;
    }
    if (kept == nullptr) return;
    queue_[place].kept = kept.get();
    ++kept_waiting_;
    kept_first_.push_back(std::move(kept));
  }

  /// Gives messages, oldest first, to `send(QueuedMessage&) -> bool` until it says no.
  template <typename Send>
  std::uint32_t flush(Send&& send) noexcept {
    const std::lock_guard lock{lock_};
    for (std::uint32_t sent = 0;; ++sent) {
      std::size_t nth = 0;
      while (nth < size_ && is_given_up(at(nth))) ++nth;
      const bool any = nth < size_;
      if (any && !send(at(nth))) return sent;  // what was given up keeps its places before it
      counters_.latched += any && at(nth).is_of_greeting() ? 1 : 0;
      for (nth += any ? 1 : 0; nth > 0; --nth) pop();
      if (!any) return sent;
    }
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
    std::uint32_t count = 0;
    for (; size_ > 0; pop()) {
      if (is_given_up(queue_[head_]) || queue_[head_].is_of_greeting()) continue;  // its topic has that yet
      on_dropped(queue_[head_]);
      ++count;
    }
    counters_.stopped += count;
    return count;
  }

  // What the topic keeps (outlet.cpp). For the control thread.

  /// Whose publications of a topic go to the plugin.
  struct Hears {
    bool host = false;
    bool plugins = false;
  };
  /// False: catch_up() has something to do.
  [[nodiscard]] bool is_up_to_date(InstanceId instance, Hears hears) const noexcept;
  /// From now on it leads to `instance` (0: nobody, for now), which hears so much. What of the last publications that
  /// one has missed, and does not wait for it already, is put where it belongs: true if any waits now. In the latch's
  /// turn.
  bool catch_up(const Latch& latch, InstanceId instance, Hears hears);
  /// Gives back the memory of a greeting that has been sent.
  void end_greeting();
  /// Whether this publication was part of the greeting of another instance than `dead`.
  [[nodiscard]] bool was_greeted_with(std::uint64_t sequence, InstanceId dead) noexcept;
  /// An instance ended in the handler of this publication. The second makes it poison: no newcomer is given it.
  void note_struck(std::uint64_t sequence);

  void count_unknown() noexcept { bump(counters_.unknown); }
  void count_urgent_lost() noexcept { bump(counters_.dropped_newest); }
  void count_refused() noexcept { bump(counters_.refused); }
  void count_no_chunk() noexcept { bump(counters_.no_chunk); }
  void count_redelivered() noexcept { bump(counters_.redelivered); }
  [[nodiscard]] Counters counters() noexcept {
    const std::lock_guard lock{lock_};
    return counters_;
  }

 private:
  static constexpr std::size_t kSlack = 64;       ///< Threads that may pass a full check at the same moment.
  static constexpr std::uint32_t kGivenUp = ~0u;  ///< The payload's bytes where there is no message any more.

  static constexpr std::size_t places(std::uint32_t backlog, std::uint32_t leftover) noexcept {
    return std::size_t{backlog} + leftover + kSlack;
  }
  static bool is_given_up(const QueuedMessage& message) noexcept {
    return message.header.place == bus::Place::None && message.header.payload_bytes == kGivenUp;
  }
  [[nodiscard]] std::size_t place_at(std::size_t nth) const noexcept { return (head_ + nth) % queue_.size(); }
  [[nodiscard]] QueuedMessage& at(std::size_t nth) noexcept { return queue_[place_at(nth)]; }
  /// Where the one message of this key waits, if the policy knows keys.
  [[nodiscard]] std::optional<std::uint32_t> place_of(std::uint64_t key) const noexcept {
    return policy == SlowConsumer::Conflate ? index_.find(key) : std::nullopt;
  }
  template <typename OnDropped>
  Delivered replace(std::size_t place, const Message& message, OnDropped&& on_dropped) noexcept {
    QueuedMessage& older = queue_[place];
    if (!is_given_up(older)) {  // else that was counted then
      on_dropped(older);
      ++counters_.conflated;
    }
    kept_waiting_ -= older.kept != nullptr ? 1 : 0;
    store(older, message);
    return Delivered::Conflated;
  }
  void merge(std::vector<QueuedMessage>& kept, std::span<const std::uint64_t> lacks, bool is_new);
  bool can_be_given(const QueuedMessage& kept) noexcept;
  void refill(std::span<const QueuedMessage> messages);
  void append(std::size_t place, const Message& message) noexcept {
    store(queue_[place], message);
    if (policy == SlowConsumer::Conflate) index_.put(bus::key_of(message.header), place);
    resize(size_ + 1);
  }
  static void store(QueuedMessage& to, const Message& message) noexcept {
    to.header = message.header;
    to.kept = nullptr;
    if (!message.content.empty()) std::memcpy(to.slot.data(), message.content.data(), message.content.size());
  }
  /// Two instances of a plugin, and versions with longer rings, can leave more than was thought of.
  void grow() {
    std::vector<QueuedMessage> larger(queue_.size() * 2);
    for (std::size_t nth = 0; nth < size_; ++nth) larger[nth] = at(nth);
    queue_ = std::move(larger);
    head_ = 0;
    if (policy != SlowConsumer::Conflate) return;
    index_ = KeyIndex{queue_.size()};
    for (std::size_t nth = 0; nth < size_; ++nth) index_.put(bus::key_of(queue_[nth].header), nth);
  }
  void pop() noexcept {
    if (policy == SlowConsumer::Conflate) index_.erase(bus::key_of(queue_[head_].header));
    kept_waiting_ -= queue_[head_].kept != nullptr ? 1 : 0;
    head_ = (head_ + 1) % queue_.size();
    resize(size_ - 1);
  }
  void resize(std::size_t size) noexcept {
    if (size_ == 0 || size == 0) waits_since_ns_.store(size == 0 ? 0 : bus::now_ns(), std::memory_order_relaxed);
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
  KeyIndex index_;  // of a policy that conflates: each key waits once

  struct Struck {
    std::uint64_t sequence = 0;
    std::uint32_t times = 0;
  };
  struct Greeted {
    InstanceId newcomer{};
    std::uint64_t first = 0;  // of what the topic kept then
    std::uint64_t end = 0;    // one behind the last
  };
  static constexpr std::uint64_t kOn = ~std::uint64_t{0};
  struct OffSince {  // numbers of the first publications that it was not sent, if it is off
    std::uint64_t host = 0;
    std::uint64_t plugins = 0;
  };
  std::unique_ptr<std::byte[]> greeting_;                 // what `kept` of messages that wait leads to
  std::vector<std::unique_ptr<std::byte[]>> kept_first_;  // the same, of put_first()
  std::size_t kept_waiting_ = 0;
  Greeted greeted_;
  OffSince off_since_;
  std::vector<Struck> struck_;
  Counters counters_;
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::int64_t> waits_since_ns_{0};
};

}  // namespace shunt::host
