#pragma once
/// The sending half of one end of a lane: two rings out, and the chunks of our pool that the peer holds.
///
/// Not thread-safe: the host guards it with a private lock, the plugin has one serving thread. Nothing blocks, and only
/// the constructor allocates.

#include <shunt/bus/breach.hpp>
#include <shunt/bus/doorbell.hpp>
#include <shunt/bus/geometry.hpp>
#include <shunt/bus/layout.hpp>
#include <shunt/bus/return_ring.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/bus/steps.hpp>

#include <cstring>
#include <span>
#include <vector>

namespace shunt::bus {

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
  if ((header.flags & flag::kOrigin) == 0) [[likely]]
    return;
  copy(shared.origin_high, header.origin_high);
  copy(shared.origin_middle, header.origin_middle);
  copy(shared.origin_low, header.origin_low);
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

/// The producer's half of a ring of slots. One message costs the slot's lines and nothing else: whether a slot is
/// readable is said by the commit word in the same line as the header, and whether it is free by the peer's read
/// position, which is looked at once a lap.
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
  void push(const MessageHeader& header, std::span<const std::byte> content) noexcept {
    Slot& slot = slots_[next_ & mask_];
    reached(Step::Claimed);
    // The reader spins on the first line: it is written last and in one go, so that it crosses over once.
    store_payload(slot.payload.data(), content);
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

class LaneSender {
 public:
  /// `mine` is our side, `theirs` the peer's (mapped read-only). `pool` is the geometry of the pool whose chunks we
  /// send; `caps[class]` is how many chunks of a class the peer may hold at once. `peer_may_sleep`: commits look for a
  /// sleeper.
  LaneSender(const SideView& mine, const SideView& theirs, const PoolGeometry& pool, std::vector<std::uint32_t> caps,
             bool peer_may_sleep);

  /// Whether push() may send one more message. Looks at the peer's line only when the ring seems full.
  [[nodiscard]] bool has_room(Ring ring) noexcept { return rings_[index(ring)].has_room(); }

  /// Whether the peer may be given one more chunk of this class, or `beyond` more than its cap.
  [[nodiscard]] bool under_cap(ChunkId id, std::uint32_t beyond = 0) const noexcept {
    return held_[id.size_class()] < caps_[id.size_class()] + std::uint64_t{beyond};
  }
  /// The same for what leaves an eighth of the cap to more urgent messages.
  [[nodiscard]] bool under_most_of_cap(ChunkId id) const noexcept {
    const std::uint32_t cap = caps_[id.size_class()];
    return held_[id.size_class()] < cap - cap / 8;
  }

  /// Sends one message; call only when has_room(), and for a chunk when under_cap(). `content` is what lies in its
  /// slot, an inline payload and hints: content_bytes_of(header), at most kInlineBytesMax, and copied; a chunk is the
  /// peer's until harvest() gives it. The bell is rung by wake().
  void push(Ring ring, const MessageHeader& header, std::span<const std::byte> content) noexcept {
    rings_[index(ring)].push(header, content);
    // Our own books come after the commit word: the peer is on its way already.
    if (header.place == Place::Chunk) note_held(header.chunk, header.generation);
  }

  /// Wakes the peer if it sleeps: one full fence where it may, a system call where it does. Separate from push, so that
  /// a batch rings once.
  void wake() noexcept {
    if (peer_may_sleep_) ring(mine_->doorbell, theirs_->doorbell);
    reached(Step::Rung);
  }

  /// Takes every chunk that the peer has given back: `on_returned(ChunkId)` for each. Stops at a breach.
  template <typename OnReturned>
  void harvest(OnReturned&& on_returned) noexcept {
    while (breach_ == Breach::None) {
      const auto item = returns_.next();
      if (!item) {
        breach_ = returns_.breach();
        break;
      }
      if (!note_returned(*item)) return;
      on_returned(item->chunk);
      reached(Step::Harvested);
    }
  }

  /// After the peer is dead and reaped: every chunk that it still held, as if it had given them back.
  template <typename OnReturned>
  void reclaim(OnReturned&& on_returned) noexcept {
    for (std::uint32_t dense = 0; dense < generations_.size(); ++dense)
      if (generations_[dense] != 0) {
        forget(dense);
        on_returned(ids_[dense]);
      }
  }

  /// Whether the peer still holds this loan of a chunk, as far as was harvested. For ids of the pool only.
  [[nodiscard]] bool holds(ChunkId id, std::uint32_t generation) const noexcept {
    return generations_[pool_.dense(id)] == generation;
  }
  /// Chunks that the peer holds, over all classes.
  [[nodiscard]] std::uint32_t held() const noexcept { return held_total_; }
  /// The same of one class, and how many it may hold.
  [[nodiscard]] std::uint32_t held(std::uint32_t size_class) const noexcept { return held_[size_class]; }
  [[nodiscard]] std::uint32_t cap(std::uint32_t size_class) const noexcept { return caps_[size_class]; }
  /// The ring itself: what was sent, and how much room is known of.
  [[nodiscard]] const RingWriter& ring_out(Ring which) const noexcept { return rings_[index(which)]; }
  [[nodiscard]] RingWriter& ring_out(Ring which) noexcept { return rings_[index(which)]; }

  /// Reads the peer's marks for a ring on private copies and checks them: 0 <= done <= begun <= sent, never backwards.
  /// After a breach: those that were seen last.
  struct Marks {
    std::uint64_t begun = 0;
    std::uint64_t done = 0;
  };
  [[nodiscard]] Marks marks(Ring ring) noexcept;

  /// What the peer says of one message of the ring of data that is between done and sent. Its own word, and of what it
  /// does not know to say, AsMarked.
  [[nodiscard]] Standing standing(std::uint64_t position) const noexcept {
    // Pairs with the release in LaneReceiver::set_standing().
    const std::uint8_t said = standings_[position & standings_mask_].load(std::memory_order_acquire);
    return said <= static_cast<std::uint8_t>(Standing::Done) ? Standing{said} : Standing::AsMarked;
  }

  /// What the peer has broken so far, or None.
  [[nodiscard]] Breach breach() const noexcept;

 private:
  static constexpr std::size_t index(Ring ring) { return static_cast<std::size_t>(ring); }

  void note_held(ChunkId id, std::uint32_t generation) noexcept {
    const auto dense = pool_.dense(id);
    generations_[dense] = generation;
    ++held_[id.size_class()];
    ++held_total_;
  }
  bool note_returned(const Returned& item) noexcept;
  void forget(std::uint32_t dense) noexcept;

  Side* mine_;
  const Side* theirs_;
  PoolGeometry pool_;
  std::array<RingWriter, kRings> rings_;
  ReturnReader returns_;
  const std::atomic<std::uint8_t>* standings_;
  std::uint64_t standings_mask_;
  std::vector<std::uint32_t> generations_;  // by PoolGeometry::dense; 0: the peer does not hold it
  std::vector<ChunkId> ids_;                // by PoolGeometry::dense
  std::array<std::uint32_t, kClassesMax> held_{};
  std::vector<std::uint32_t> caps_;
  std::uint32_t held_total_ = 0;
  std::array<Marks, kRings> marks_seen_{};
  bool peer_may_sleep_;
  Breach breach_ = Breach::None;
};

}  // namespace shunt::bus
