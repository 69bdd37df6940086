#include <shunt/bus/lane_receiver.hpp>
#include <shunt/schemas/assert.hpp>

namespace shunt::bus {

LaneReceiver::LaneReceiver(const SideView& mine, const SideView& theirs, const PoolGeometry& pool,
                           const std::byte* pool_memory)
    : mine_(mine.fixed),
      pool_(pool),
      pool_memory_(pool_memory),
      returns_(mine.returns, mine.shape.return_slots),
      standings_(mine.standings),
      standings_mask_(mine.shape.slots - 1),
      received_(pool.chunks()) {
  SHUNT_ASSERT(mine.shape.slots == theirs.shape.slots);
  for (std::size_t i = 0; i < kRings; ++i)
    rings_[i] = RingReader{theirs.rings[i], theirs.shape.slots, &mine.fixed->positions.read[i]};
}

std::uint32_t LaneReceiver::held(std::uint32_t size_class) const noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t index = 0; index < pool_.classes()[size_class].chunks; ++index)
    count += received_[pool_.dense(ChunkId::of(size_class, index))].load(std::memory_order_relaxed) ? 1 : 0;
  return count;
}

}  // namespace shunt::bus
