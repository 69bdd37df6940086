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

}  // namespace shunt::bus
