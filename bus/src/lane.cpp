#include <shunt/bus/lane.hpp>

#include <limits>

namespace shunt::bus {

struct LaneEnd::Parts {
  SideView mine_view;
  SideView their_view;
  Mapping mine;
  Mapping theirs;
  Mapping peer_pool;
  Mapping own_pool;
  std::unique_ptr<ChunkPool> pool;
};

namespace {

/// Maps memory that another process made: sealed, and as large as we are going to read.
Result<Mapping> map_received(int fd, std::size_t bytes, Access access, std::string_view what) {
  SHUNT_TRY(found, sealed_size(fd));
  if (found < bytes)
    return error(ErrorCode::BadInput,
                 "the {} has {} bytes, {} were agreed: install the host and shunt-launch of one release", what, found,
                 bytes);
  return Mapping::map(fd, bytes, access);
}

}  // namespace

Result<LaneShape> LaneShape::of(std::uint32_t slots, std::span<const SizeClass> inbound,
                                std::span<const SizeClass> outbound) {
  SHUNT_TRY(inbound_geometry, PoolGeometry::of(inbound));
  SHUNT_TRY(outbound_geometry, PoolGeometry::of(outbound));
  SHUNT_TRY(host_side, SideShape::of(slots, outbound_geometry.chunks()));
  SHUNT_TRY(plugin_side, SideShape::of(slots, inbound_geometry.chunks()));
  return LaneShape{host_side, plugin_side, inbound_geometry, outbound_geometry};
}

LaneShape::Memory LaneShape::memory() const {
  return {{"shunt: host side", host_side.bytes()},
          {"shunt: plugin side", plugin_side.bytes()},
          {"shunt: outbound pool", outbound.bytes()}};
}

LaneEnd::LaneEnd(const LaneShape& shape, Parts&& parts, const PoolGeometry& sending, const PoolGeometry& receiving,
                 std::vector<std::uint32_t> caps, bool peer_may_sleep)
    : sender(parts.mine_view, parts.their_view, sending, std::move(caps), peer_may_sleep),
      receiver(parts.mine_view, parts.their_view, receiving, parts.peer_pool.data()),
      shape_(shape),
      mine_(std::move(parts.mine)),
      theirs_(std::move(parts.theirs)),
      peer_pool_(std::move(parts.peer_pool)),
      own_pool_(std::move(parts.own_pool)),
      pool_(std::move(parts.pool)),
      mine_view_(parts.mine_view),
      their_view_(parts.their_view) {}

Result<std::unique_ptr<LaneEnd>> LaneEnd::open_host(const LaneShape& shape, LaneMemory& memory,
                                                    std::vector<std::uint32_t> caps, Sleepers sleepers) {
  const LaneShape::Memory planned = shape.memory();
  SHUNT_TRY(host_side, create_memory(planned.host_side));
  SHUNT_TRY(plugin_side, create_memory(planned.plugin_side));
  SHUNT_TRY(outbound, create_memory(planned.outbound));
  Parts parts;
  SHUNT_TRY(mine, Mapping::map(host_side.get(), shape.host_side.bytes(), Access::ReadWrite));
  format_side(mine.data(), shape.host_side);
  SHUNT_CHECK(seal_future_writes(host_side.get()));
  SHUNT_CHECK(seal_seals(plugin_side.get()));
  SHUNT_CHECK(seal_seals(outbound.get()));
  {
    SHUNT_TRY(writable, Mapping::map(plugin_side.get(), shape.plugin_side.bytes(), Access::ReadWrite));
    format_side(writable.data(), shape.plugin_side);  // while nobody else has it; from here on it is the plugin's
  }
  SHUNT_TRY(theirs, Mapping::map(plugin_side.get(), shape.plugin_side.bytes(), Access::ReadOnly));
  SHUNT_TRY(peer_pool, Mapping::map(outbound.get(), shape.outbound.bytes(), Access::ReadOnly));
  parts.mine_view = SideView::of(mine.data(), shape.host_side);
  parts.their_view = SideView::of(theirs.data(), shape.plugin_side);
  parts.mine = std::move(mine);
  parts.theirs = std::move(theirs);
  parts.peer_pool = std::move(peer_pool);
  memory = {std::move(host_side), std::move(plugin_side), std::move(outbound)};
  return std::unique_ptr<LaneEnd>(
      new LaneEnd(shape, std::move(parts), shape.inbound, shape.outbound, std::move(caps), sleepers.plugin));
}

Result<std::unique_ptr<LaneEnd>> LaneEnd::open_plugin(const LaneShape& shape, const LaneMemory& memory, int inbound,
                                                      Sleepers sleepers) {
  Parts parts;
  SHUNT_TRY(mine, map_received(memory.plugin_side.get(), shape.plugin_side.bytes(), Access::ReadWrite, "plugin side"));
  SHUNT_TRY(theirs, map_received(memory.host_side.get(), shape.host_side.bytes(), Access::ReadOnly, "host side"));
  SHUNT_CHECK(check_side(theirs.data(), theirs.size(), shape.host_side));
  SHUNT_CHECK(check_side(mine.data(), mine.size(), shape.plugin_side));
  SHUNT_TRY(peer_pool, map_received(inbound, shape.inbound.bytes(), Access::ReadOnly, "inbound pool"));
  SHUNT_TRY(own_pool, map_received(memory.outbound.get(), shape.outbound.bytes(), Access::ReadWrite, "outbound pool"));
  SHUNT_TRY(pool, ChunkPool::create(shape.outbound, own_pool.data()));
  parts.mine_view = SideView::of(mine.data(), shape.plugin_side);
  parts.their_view = SideView::of(theirs.data(), shape.host_side);
  parts.mine = std::move(mine);
  parts.theirs = std::move(theirs);
  parts.peer_pool = std::move(peer_pool);
  parts.own_pool = std::move(own_pool);
  parts.pool = std::make_unique<ChunkPool>(std::move(pool));
  // The plugin's quota is its pool; it needs no cap beside it.
  std::vector<std::uint32_t> caps(shape.outbound.classes().size(), std::numeric_limits<std::uint32_t>::max());
  return std::unique_ptr<LaneEnd>(
      new LaneEnd(shape, std::move(parts), shape.outbound, shape.inbound, std::move(caps), sleepers.host));
}

}  // namespace shunt::bus
