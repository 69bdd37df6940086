#include <shunt/bus/lane_receiver.hpp>

namespace shunt::bus {

LaneReceiver::LaneReceiver(const SideView& mine, const SideView& theirs, const PoolGeometry& pool,
                           const std::byte* pool_memory)
    : mine_(mine.fixed),
      pool_(pool),
      pool_memory_(pool_memory),
      returns_(mine.returns, mine.shape.return_slots),
      received_(pool.chunks()) {
  for (std::size_t i = 0; i < kRings; ++i)
    rings_[i] = RingReader{theirs.rings[i], theirs.shape.slots, &mine.fixed->positions.read[i]};
}

std::optional<Incoming> LaneReceiver::next(Ring ring) noexcept {
  if (breach_ != Breach::None) return std::nullopt;
  const Slot* const slot = rings_[index(ring)].peek();
  if (slot == nullptr) {
    breach_ = rings_[index(ring)].breach();
    return std::nullopt;
  }
  Incoming incoming;
  incoming.header = read_once(slot->header);
  if (breach_ = check_payload(incoming.header); breach_ != Breach::None) return std::nullopt;
  const MessageHeader& header = incoming.header;
  if (header.place == Place::Inline) {
    incoming.payload = {slot->payload.data(), header.payload_bytes};
  } else if (header.place == Place::Chunk) {
    received_[pool_.dense(header.chunk)].store(true, std::memory_order_relaxed);
    incoming.payload = {pool_memory_ + pool_.offset(header.chunk) + header.payload_offset, header.payload_bytes};
  }
  rings_[index(ring)].take();
  reached(Step::Taken);
  return incoming;
}

Breach LaneReceiver::check_payload(const MessageHeader& header) noexcept {
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

Breach LaneReceiver::breach() const noexcept {
  if (breach_ != Breach::None) return breach_;
  for (const RingReader& ring : rings_)
    if (ring.breach() != Breach::None) return ring.breach();
  return Breach::None;
}

}  // namespace shunt::bus
