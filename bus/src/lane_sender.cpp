#include <shunt/bus/lane_sender.hpp>
#include <shunt/schemas/assert.hpp>

namespace shunt::bus {

LaneSender::LaneSender(const SideView& mine, const SideView& theirs, const PoolGeometry& pool,
                       std::vector<std::uint32_t> caps, bool peer_may_sleep)
    : mine_(mine.fixed),
      theirs_(theirs.fixed),
      pool_(pool),
      returns_(theirs.returns, theirs.shape.return_slots),
      standings_(theirs.standings),
      standings_mask_(theirs.shape.slots - 1),
      generations_(pool.chunks()),
      ids_(pool.chunks()),
      caps_(std::move(caps)),
      peer_may_sleep_(peer_may_sleep) {
  SHUNT_ASSERT(caps_.size() == pool.classes().size());
  for (std::size_t i = 0; i < kRings; ++i)
    rings_[i] = RingWriter{mine.rings[i], mine.shape.slots, &theirs.fixed->positions.read[i]};
  for (std::uint32_t size_class = 0; size_class < pool.classes().size(); ++size_class)
    for (std::uint32_t index = 0; index < pool.classes()[size_class].chunks; ++index) {
      const auto id = ChunkId::of(size_class, index);
      ids_[pool.dense(id)] = id;
    }
}

bool LaneSender::note_returned(const Returned& item) noexcept {
  if (!pool_.contains(item.chunk)) {
    breach_ = Breach::ReturnOutOfRange;
    return false;
  }
  const auto dense = pool_.dense(item.chunk);
  if (item.generation == 0 || generations_[dense] != item.generation) {
    breach_ = Breach::ReturnNotHeld;
    return false;
  }
  forget(dense);
  return true;
}

void LaneSender::forget(std::uint32_t dense) noexcept {
  generations_[dense] = 0;
  --held_[ids_[dense].size_class()];
  --held_total_;
}

LaneSender::Marks LaneSender::marks(Ring ring) noexcept {
  const auto i = index(ring);
  Marks& seen = marks_seen_[i];
  if (breach_ != Breach::None) return seen;
  // Pair with the releases in LaneReceiver::mark_begun() and mark_done(). Read done first: it never passes begun.
  const std::uint64_t done = theirs_->positions.done[i].load(std::memory_order_acquire);
  const std::uint64_t begun = theirs_->positions.begun[i].load(std::memory_order_acquire);
  if (begun > rings_[i].sent() || done > begun) breach_ = Breach::PositionAhead;
  else if (begun < seen.begun || done < seen.done) breach_ = Breach::PositionBackwards;
  else seen = {begun, done};
  return seen;
}

Breach LaneSender::breach() const noexcept {
  if (breach_ != Breach::None) return breach_;
  for (const RingWriter& ring : rings_)
    if (ring.breach() != Breach::None) return ring.breach();
  return Breach::None;
}

}  // namespace shunt::bus
