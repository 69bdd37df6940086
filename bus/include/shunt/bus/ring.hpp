#pragma once
/// A single-producer, single-consumer ring of slots: the producer's half and the consumer's half.
///
/// One message costs the slot's lines and nothing else: whether a slot is readable is said by the commit word in the
/// same line as the header, and whether it is free by the peer's read position, which the producer looks at once a lap.
/// Each half is used by one thread at a time; nothing blocks or allocates.

#include <shunt/bus/breach.hpp>
#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/bus/steps.hpp>

#include <bit>
#include <cstring>
#include <span>
#include <utility>

namespace shunt::bus {

/// Copies shared words that the peer may be rewriting right now, each exactly once, to where they are used: a second
/// copy would load two of these small stores at once, and wait until they have left the store buffer.
inline void read_once(const MessageHeader& shared, MessageHeader& copy) noexcept {
  const auto* const from = reinterpret_cast<const std::uint64_t*>(&shared);
  auto* const to = reinterpret_cast<std::byte*>(&copy);
  const auto copy_word = [&](std::size_t i) {
    const std::uint64_t word = __atomic_load_n(from + i, __ATOMIC_RELAXED);
    std::memcpy(to + 8 * i, &word, sizeof word);
  };
  [&]<std::size_t... i>(std::index_sequence<i...>) { (copy_word(i), ...); }
  (std::make_index_sequence<sizeof(MessageHeader) / 8>{});
}
inline MessageHeader read_once(const MessageHeader& shared) noexcept {
  MessageHeader copy;
  read_once(shared, copy);
  return copy;
}

/// Copies member by member. A header is built by small stores; one wide load over them would wait until they have left
/// the store buffer, behind a payload line that is still on its way from the other core: 100 ns that nobody sees in the
/// code. Relaxed atomics, so that the compiler does not join the members again; the commit word orders them.
inline void store_header(MessageHeader& shared, const MessageHeader& header) noexcept {
  const auto copy = [](auto& to, const auto& from) { std::atomic_ref(to).store(from, std::memory_order_relaxed); };
  copy(shared.route, header.route);
  copy(shared.kind, header.kind);
  copy(shared.place, header.place);
  copy(shared.flags, header.flags);
  copy(shared.correlation, header.correlation);
  copy(shared.parent, header.parent);
  copy(shared.deadline_ns, header.deadline_ns);
  copy(shared.payload_bytes, header.payload_bytes);
  copy(shared.payload_offset, header.payload_offset);
  copy(shared.chunk.packed, header.chunk.packed);
  copy(shared.generation, header.generation);
  copy(shared.status, header.status);
}

/// The same for a payload, in words of 8 bytes and the rest.
inline void store_payload(std::byte* shared, std::span<const std::byte> payload) noexcept {
  std::size_t done = 0;
  for (; done + 8 <= payload.size(); done += 8) {
    std::uint64_t word;
    std::memcpy(&word, payload.data() + done, 8);
    std::memcpy(shared + done, &word, 8);
  }
  for (; done < payload.size(); ++done) shared[done] = payload[done];
}

class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(Slot* slots, std::uint32_t count, const std::atomic<std::uint64_t>* peer_read)
      : slots_(slots), count_(count), mask_(count - 1), peer_read_(peer_read) {}

  /// Messages that fit now, as far as is known without looking at the peer's line.
  [[nodiscard]] std::uint32_t known_room() const noexcept {
    return count_ - static_cast<std::uint32_t>(next_ - peer_read_seen_);
  }

  /// Whether one more message fits. Looks at the peer's read position only when the ring seems full.
  [[nodiscard]] bool has_room() noexcept { return known_room() > 0 || (refresh(), known_room() > 0); }

  /// Reads the peer's position, on a private copy. A position that goes back or beyond what was sent is a breach, after
  /// which the ring stays as it was.
  void refresh() noexcept {
    if (breach_ != Breach::None) return;
    // Pairs with the release in RingReader::free(): the peer has read these slots before we write them again.
    const std::uint64_t read = peer_read_->load(std::memory_order_acquire);
    if (read > next_) breach_ = Breach::PositionAhead;
    else if (read < peer_read_seen_) breach_ = Breach::PositionBackwards;
    else peer_read_seen_ = read;
  }

  /// Writes one message; call only when has_room().
  void push(const MessageHeader& header, std::span<const std::byte> payload) noexcept {
    Slot& slot = slots_[next_ & mask_];
    reached(Step::Claimed);
    // The reader spins on the first line: it is written last and in one go, so that it crosses over once.
    store_payload(slot.payload.data(), payload);
    store_header(slot.header, header);
    reached(Step::HeaderWritten);
    // Pairs with the acquire in RingReader::peek(): who sees the commit word sees header and payload.
    slot.commit.store(++next_, std::memory_order_release);
    reached(Step::Committed);
    // The next payload's line is still shared with the reader, who is done with it: ask for it while we wait anyway.
    prefetch_to_write(slots_[next_ & mask_].payload.data());
  }

  /// Messages that were sent, ever.
  [[nodiscard]] std::uint64_t sent() const noexcept { return next_; }
  /// Of these, read by the peer when last looked at.
  [[nodiscard]] std::uint64_t read_seen() const noexcept { return peer_read_seen_; }
  [[nodiscard]] std::uint32_t slots() const noexcept { return count_; }
  [[nodiscard]] Breach breach() const noexcept { return breach_; }
  /// A message that was sent and not yet overwritten: our own memory, so it can be trusted.
  [[nodiscard]] const Slot& slot(std::uint64_t position) const noexcept { return slots_[position & mask_]; }

 private:
  Slot* slots_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t mask_ = 0;
  const std::atomic<std::uint64_t>* peer_read_ = nullptr;
  std::uint64_t next_ = 0;
  std::uint64_t peer_read_seen_ = 0;
  Breach breach_ = Breach::None;
};

class RingReader {
 public:
  RingReader() = default;
  RingReader(const Slot* slots, std::uint32_t count, std::atomic<std::uint64_t>* my_read)
      : slots_(slots), count_(count), mask_(count - 1), my_read_(my_read) {}

  /// The next message, or null when there is none yet. Its bytes stay until free(), but the peer can rewrite them.
  [[nodiscard]] const Slot* peek() noexcept {
    const Slot& slot = slots_[next_ & mask_];
    // Pairs with the release in RingWriter::push().
    const std::uint64_t commit = slot.commit.load(std::memory_order_acquire);
    if (commit == next_ + 1) return &slot;
    const std::uint64_t last_lap = next_ < count_ ? 0 : next_ + 1 - count_;
    if (commit != last_lap) breach_ = Breach::CommitWord;
    return nullptr;
  }

  /// Steps over the message that peek() gave, without giving its slot back yet.
  void take() noexcept { ++next_; }

  /// Gives back every slot that was stepped over. Pairs with the acquire in RingWriter::refresh().
  void free() noexcept { my_read_->store(next_, std::memory_order_release); }

  [[nodiscard]] std::uint64_t position() const noexcept { return next_; }
  [[nodiscard]] Breach breach() const noexcept { return breach_; }

 private:
  const Slot* slots_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t mask_ = 0;
  std::atomic<std::uint64_t>* my_read_ = nullptr;
  std::uint64_t next_ = 0;
  Breach breach_ = Breach::None;
};

}  // namespace shunt::bus
