#include "lane_transport.hpp"

#include <algorithm>

namespace shunt::bench {
namespace {

/// One size class that fits, as many chunks as messages fit in the ring.
bus::SizeClass class_for(const Setup& setup, std::uint32_t chunks_beyond_depth) {
  return {static_cast<std::uint32_t>(std::max<std::size_t>((setup.bytes + 7) / 8 * 8, 64)),
          setup.depth + chunks_beyond_depth};
}

bus::Sleepers sleepers(const Setup& setup) {
  const bool may_sleep = setup.wait != Wait::Spin;
  return {.host = may_sleep, .plugin = may_sleep};
}

}  // namespace

Status LaneTransport::supports(const Setup& setup) {
  if (setup.payload == Payload::Inline && setup.bytes > bus::kInlineBytesMax)
    return error(ErrorCode::BadInput, "at most {} bytes travel inline: use --payload chunk", bus::kInlineBytesMax);
  if (setup.bench == Bench::Stream && setup.wait != Wait::Spin)
    return error(ErrorCode::BadInput, "a bare lane has no bell for room: measure a sleeping stream with `publisher`");
  return {};
}

Result<std::unique_ptr<LaneTransport>> LaneTransport::create(const Setup& setup, const Waiting& waiting) {
  std::unique_ptr<LaneTransport> lane{new LaneTransport(setup, waiting)};
  const std::array classes{class_for(setup, kHarvestAt)};
  SHUNT_TRY(shape, bus::LaneShape::of(std::max(setup.depth, bus::kSlotsMin), classes, classes));
  lane->shape_ = shape;
  SHUNT_TRY(inbound, bus::create_memory("shunt-bench: inbound", shape.inbound.bytes()));
  SHUNT_TRY(mapping, bus::Mapping::map(inbound.get(), shape.inbound.bytes(), bus::Access::ReadWrite));
  lane->inbound_ = std::move(inbound);
  lane->inbound_mapping_ = std::move(mapping);
  for (unsigned consumer = 0; consumer < setup.consumers; ++consumer) {
    bus::LaneMemory memory;
    SHUNT_TRY(end, bus::LaneEnd::open_host(shape, memory, {classes.front().chunks}, sleepers(setup)));
    lane->memories_.push_back(std::move(memory));
    lane->ends_.push_back(std::move(end));
  }
  return lane;
}

Status LaneTransport::attach_client() {
  SHUNT_TRY(pool, bus::ChunkPool::create(shape_.inbound, inbound_mapping_.data()));
  client_pool_ = std::make_unique<bus::ChunkPool>(std::move(pool));
  pool_ = client_pool_.get();
  return {};
}

Status LaneTransport::attach_consumer(unsigned consumer) {
  SHUNT_TRY(end, bus::LaneEnd::open_plugin(shape_, memories_[consumer], inbound_.get(), sleepers(setup_)));
  ends_.clear();
  ends_.push_back(std::move(end));
  pool_ = ends_.front()->pool();
  return {};
}

/// Takes back the chunks of every consumer that holds `held_min` or more. False: a breach.
bool LaneTransport::harvest(std::uint32_t held_min) {
  for (const auto& end : ends_) {
    if (end->sender.held() >= held_min) end->sender.harvest([this](bus::ChunkId id) { pool_->release(id); });
    if (end->breach() != bus::Breach::None) return false;
  }
  return true;
}

/// False: a breach.
bool LaneTransport::await_chunk(std::uint32_t size_class) {
  for (Spinner spinner{waiting_}; pool_->free_chunks(size_class) == 0; spinner.spin())
    if (!harvest(1)) return false;
  return true;
}

}  // namespace shunt::bench
