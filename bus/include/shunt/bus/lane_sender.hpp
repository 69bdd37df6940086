#pragma once
/// The sending half of one end of a lane: two rings out, and the chunks of our pool that the peer holds.
///
/// Not thread-safe: the host guards it with a private lock, the plugin has one serving thread. Nothing blocks, and only
/// the constructor allocates.

#include <shunt/bus/doorbell.hpp>
#include <shunt/bus/geometry.hpp>
#include <shunt/bus/return_ring.hpp>
#include <shunt/bus/ring.hpp>

#include <vector>

namespace shunt::bus {

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

  /// Sends one message; call only when has_room(), and for a chunk when under_cap(). An inline payload has at most
  /// kInlineBytesMax and is copied; a chunk is the peer's until harvest() gives it. The bell is rung by wake().
  void push(Ring ring, const MessageHeader& header, std::span<const std::byte> inline_payload) noexcept {
    if (header.place == Place::Chunk) note_held(header.chunk, header.generation);
    rings_[index(ring)].push(header, inline_payload);
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
