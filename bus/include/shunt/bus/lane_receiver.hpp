#pragma once
/// The receiving half of one end of a lane: two rings in, checks on private copies, and the way back for chunks.
///
/// Not thread-safe, except that give_back() needs only a lock of its own.

#include <shunt/bus/geometry.hpp>
#include <shunt/bus/return_ring.hpp>
#include <shunt/bus/ring.hpp>

#include <vector>

namespace shunt::bus {

/// A message as it was checked. `header` is a private copy; `payload` lies in memory that the sender can still write.
struct Incoming {
  MessageHeader header;
  std::span<const std::byte> payload;
};

class LaneReceiver {
 public:
  /// `theirs` is the peer's side and `pool_memory` its pool, both mapped read-only.
  LaneReceiver(const SideView& mine, const SideView& theirs, const PoolGeometry& pool, const std::byte* pool_memory);

  /// Whether next() would find something; no check, no copy.
  [[nodiscard]] bool has_message(Ring ring) noexcept { return rings_[index(ring)].peek() != nullptr; }

  /// Steps over the next message of a ring and gives it, checked: its payload lies within its place, on a chunk
  /// boundary, in a chunk that we do not hold already. None: nothing there yet, or breach().
  [[nodiscard]] std::optional<Incoming> next(Ring ring) noexcept;

  /// The slots of all messages stepped over may be written again; inline payloads end here.
  void free(Ring ring) noexcept {
    rings_[index(ring)].free();
    reached(Step::Freed);
  }

  /// Marks for the sender, should we die: the handler of the last message is entered, and left.
  void mark_begun(Ring ring) noexcept {
    mine_->positions.begun[index(ring)].store(rings_[index(ring)].position(), std::memory_order_release);
    reached(Step::Begun);
  }
  void mark_done(Ring ring) noexcept {
    mine_->positions.done[index(ring)].store(rings_[index(ring)].position(), std::memory_order_release);
    reached(Step::Done);
  }

  /// Gives a received chunk back; any order.
  void give_back(ChunkId chunk, std::uint32_t generation) noexcept {
    received_[pool_.dense(chunk)].store(false, std::memory_order_relaxed);
    returns_.give_back({chunk, generation});
  }

  [[nodiscard]] std::uint64_t position(Ring ring) const noexcept { return rings_[index(ring)].position(); }
  [[nodiscard]] Breach breach() const noexcept;

 private:
  static constexpr std::size_t index(Ring ring) { return static_cast<std::size_t>(ring); }
  Breach check_payload(const MessageHeader& header) noexcept;

  Side* mine_;
  PoolGeometry pool_;
  const std::byte* pool_memory_;
  std::array<RingReader, kRings> rings_;
  ReturnWriter returns_;
  std::vector<std::atomic<bool>> received_;  // by PoolGeometry::dense: chunks we have and owe back
  Breach breach_ = Breach::None;
};

}  // namespace shunt::bus
