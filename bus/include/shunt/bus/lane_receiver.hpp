#pragma once
/// The receiving half of one end of a lane: two rings in, checks on private copies, and the way back for chunks.
///
/// Not thread-safe, except that give_back() needs only a lock of its own. Nothing blocks, and only the constructor
/// allocates.

#include <shunt/bus/breach.hpp>
#include <shunt/bus/geometry.hpp>
#include <shunt/bus/layout.hpp>
#include <shunt/bus/return_ring.hpp>
#include <shunt/bus/steps.hpp>

#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

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

/// The consumer's half of a ring of slots.
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
  void free() noexcept { free_below(next_); }
  /// The same of those below `position`.
  void free_below(std::uint64_t position) noexcept { my_read_->store(position, std::memory_order_release); }

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

/// A message as it was checked. `header` is a private copy; `payload` lies in memory that the sender can still write.
struct Incoming {
  MessageHeader header;
  std::span<const std::byte> payload;
  std::string_view hints;  ///< In the slot, so of a host that is believed; a plugin's mean nothing.
};

/// Copies what of a message lies in its slot to `kept`, where it is read from then on.
inline void keep_content(Incoming& incoming, std::span<std::byte, kInlineBytesMax> kept) noexcept {
  std::size_t payload = 0;
  if (incoming.header.place == Place::Inline && !incoming.payload.empty()) {
    payload = incoming.payload.size();
    std::memcpy(kept.data(), incoming.payload.data(), payload);
    incoming.payload = kept.first(payload);
  }
  if (incoming.hints.empty()) [[likely]]
    return;
  const auto hints = kept.subspan(payload, incoming.hints.size());
  std::memcpy(hints.data(), incoming.hints.data(), hints.size());
  incoming.hints = {reinterpret_cast<const char*>(hints.data()), hints.size()};
}

class LaneReceiver {
 public:
  /// `theirs` is the peer's side and `pool_memory` its pool, of geometry `pool`, both mapped read-only; all outlive
  /// this.
  LaneReceiver(const SideView& mine, const SideView& theirs, const PoolGeometry& pool, const std::byte* pool_memory);

  /// Whether next() would find something; no check, no copy.
  [[nodiscard]] bool has_message(Ring ring) noexcept { return rings_[index(ring)].peek() != nullptr; }

  /// Steps over the next message of a ring and gives it, checked: its payload lies within its place, on a chunk
  /// boundary, in a chunk that we do not hold already. Null: nothing there yet, or breach(). What it points at is ours
  /// and stays until the next message of the same ring is asked for. An inline payload, and hints, may be read until
  /// free(), a payload in a chunk until give_back(); kind, route and correlation are for the caller to check.
  [[nodiscard]] const Incoming* next(Ring ring) noexcept {
    if (breach_ != Breach::None) return nullptr;
    RingReader& reader = rings_[index(ring)];
    if (const Slot* const slot = reader.peek()) return take(ring, *slot);
    if (reader.breach() != Breach::None) breach_ = reader.breach();
    return nullptr;
  }

  /// What next() gave last.
  [[nodiscard]] const Incoming& last(Ring ring) const noexcept { return incoming_[index(ring)]; }

  /// The slots of all messages stepped over may be written again; inline payloads end here.
  void free(Ring ring) noexcept {
    rings_[index(ring)].free();
    reached(Step::Freed);
  }

  /// Marks for the sender, should we die: the handler of the last message is entered, and left.
  void mark_begun(Ring ring) noexcept { mark_begun(ring, rings_[index(ring)].position()); }
  void mark_done(Ring ring) noexcept { mark_done(ring, rings_[index(ring)].position()); }
  /// The same of an earlier message, by the position behind it: for what is handled after later ones were taken.
  void mark_begun(Ring ring, std::uint64_t end) noexcept {
    mine_->positions.begun[index(ring)].store(end, std::memory_order_release);
    reached(Step::Begun);
  }
  void mark_done(Ring ring, std::uint64_t end) noexcept {
    mine_->positions.done[index(ring)].store(end, std::memory_order_release);
    reached(Step::Done);
  }

  /// The same where messages of the ring of data end in another order than they came: all below `position` are begun,
  /// done, or may be written again. Of those that this does not tell, set_standing() says how they stand.
  void mark_begun_below(std::uint64_t position) noexcept {
    mine_->positions.begun[index(Ring::Data)].store(position, std::memory_order_release);
    reached(Step::Begun);
  }
  void mark_done_below(std::uint64_t position) noexcept {
    mine_->positions.done[index(Ring::Data)].store(position, std::memory_order_release);
    reached(Step::Done);
  }
  void free_below(std::uint64_t position) noexcept {
    rings_[index(Ring::Data)].free_below(position);
    reached(Step::Freed);
  }
  /// Pairs with the acquire in LaneSender::standing(). For messages that are not freed.
  void set_standing(std::uint64_t position, Standing standing) noexcept {
    standings_[position & standings_mask_].store(static_cast<std::uint8_t>(standing), std::memory_order_release);
    reached(Step::Stood);
  }

  /// Gives a received chunk back, with the chunk and generation of its header, once; any order.
  void give_back(ChunkId chunk, std::uint32_t generation) noexcept {
    received_[pool_.dense(chunk)].store(false, std::memory_order_relaxed);
    returns_.give_back({chunk, generation});
  }

  /// Chunks of one class that we have and owe back. From any thread; a look at each chunk of the class.
  [[nodiscard]] std::uint32_t held(std::uint32_t size_class) const noexcept;

  /// Messages of a ring that were stepped over, ever.
  [[nodiscard]] std::uint64_t position(Ring ring) const noexcept { return rings_[index(ring)].position(); }
  /// The first thing the peer broke, or None. After a breach next() gives nothing.
  [[nodiscard]] Breach breach() const noexcept {
    if (breach_ != Breach::None) return breach_;
    return rings_[0].breach() != Breach::None ? rings_[0].breach() : rings_[1].breach();
  }

 private:
  static constexpr std::size_t index(Ring ring) { return static_cast<std::size_t>(ring); }
  const Incoming* take(Ring ring, const Slot& slot) noexcept;
  Breach check_payload(const MessageHeader& header) noexcept;

  Side* mine_;
  PoolGeometry pool_;
  const std::byte* pool_memory_;
  std::array<RingReader, kRings> rings_;
  std::array<Incoming, kRings> incoming_{};
  ReturnWriter returns_;
  std::atomic<std::uint8_t>* standings_;
  std::uint64_t standings_mask_;
  std::vector<std::atomic<bool>> received_;  // by PoolGeometry::dense: chunks we have and owe back
  Breach breach_ = Breach::None;
};

// Here and not in the source file: it is half of what receiving a message costs.
inline const Incoming* LaneReceiver::take(Ring ring, const Slot& slot) noexcept {
  auto& [header, payload, hints] = incoming_[index(ring)];
  read_once(slot.header, header);
  if (breach_ = check_payload(header); breach_ != Breach::None) return nullptr;
  if (header.place == Place::Inline) {
    payload = {slot.payload.data(), header.payload_bytes};
  } else if (header.place == Place::Chunk) {
    received_[pool_.dense(header.chunk)].store(true, std::memory_order_relaxed);
    payload = {pool_memory_ + pool_.offset(header.chunk) + header.payload_offset, header.payload_bytes};
  } else {
    payload = {};
  }
  hints = {};
  if (hint_bytes_of(header) != 0 && content_bytes_of(header) <= kInlineBytesMax) [[unlikely]]
    hints = {reinterpret_cast<const char*>(slot.payload.data()) + content_bytes_of(header) - hint_bytes_of(header),
             hint_bytes_of(header)};
  rings_[index(ring)].take();
  reached(Step::Taken);
  return &incoming_[index(ring)];
}

inline Breach LaneReceiver::check_payload(const MessageHeader& header) noexcept {
  switch (header.place) {
    case Place::None:
      return header.payload_bytes == 0 && header.payload_offset == 0 ? Breach::None : Breach::PayloadSize;
    case Place::Inline:
      return header.payload_bytes <= kInlineBytesMax && header.payload_offset == 0 ? Breach::None : Breach::PayloadSize;
    case Place::Chunk: {
      if (!pool_.contains(header.chunk) || header.generation == 0) return Breach::PayloadOutOfRange;
      const std::uint64_t end = std::uint64_t{header.payload_offset} + header.payload_bytes;
      if (end > pool_.capacity(header.chunk) || header.payload_offset % 8 != 0) return Breach::PayloadSize;
      // Relaxed: a chunk that another thread of ours gives back right now was ours when the peer sent it again.
      const bool held = received_[pool_.dense(header.chunk)].load(std::memory_order_relaxed);
      return held ? Breach::PayloadStillHeld : Breach::None;
    }
  }
  return Breach::PayloadPlace;
}

}  // namespace shunt::bus
