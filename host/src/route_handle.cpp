/// What a handle gives before anything is sent: memory to build in, and what is known of the route.

#include "core.hpp"

#include <shunt/host/route_handle.hpp>

namespace shunt {

Result<bus::Loan> RouteHandle::Chunks::loan(std::size_t bytes) {
  host::Hub& hub = *route_.core_->hub;
  if (pool_ == nullptr) pool_ = &hub.pool_for(*route_.route_);
  SHUNT_TRY(chunk, hub.loan(*pool_, bytes));
  return bus::Loan{reinterpret_cast<std::uint8_t*>(chunk.data), chunk.capacity & ~std::size_t{7},
                   std::uint64_t{chunk.generation} << 32 | chunk.chunk.packed};
}

void RouteHandle::Chunks::give_back(const bus::Loan& loan) noexcept {
  pool_->release({static_cast<std::uint32_t>(loan.handle)});
}

bus::SizeHint& RouteHandle::hint() const noexcept { return route_->hint; }

bus::Payload RouteHandle::payload() const noexcept {
  return route_->settings.payload == PayloadPlace::Chunk ? bus::Payload::Chunk : bus::Payload::Auto;
}

const std::string& RouteHandle::name() const noexcept { return route_->name; }

Error RouteHandle::bad_payload(const char* what, std::size_t bytes) const {
  return {ErrorCode::BadPayload,
          fmt::format("\"{}\": a {} of {} bytes is not a {}: rebuild the plugin from the host's schema", route_->name,
                      what, bytes, route_->function ? route_->reply.name : route_->request.name)};
}

}  // namespace shunt

namespace shunt::host {

InboundPool& Hub::pool_for(const RouteInfo& route) noexcept {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  // Pools live as long as the host: leaving the read section does not end them.
  return entry == nullptr || entry->targets.empty() ? *own_pool_ : *entry->targets.front().outlet->pool;
}

std::optional<bus::LoanedChunk> Hub::find_chunk(InboundPool& pool, std::size_t bytes) {
  if (const auto chunk = pool.loan(bytes)) return chunk;
  if (!pool.geometry().class_for(bytes)) return std::nullopt;
  {
    const RcuReader reader;
    for (const RouteEntry& entry : tables_.current().routes)
      for (const Target& target : entry.targets)
        if (target.instance != nullptr && target.instance->pool.get() == &pool) target.instance->harvest();
  }
  return pool.loan(bytes);
}

Result<bus::LoanedChunk> Hub::loan(InboundPool& pool, std::size_t bytes) {
  if (const auto chunk = find_chunk(pool, bytes)) return *chunk;
  const auto size_class = pool.geometry().class_for(bytes);
  if (!size_class)
    return error(ErrorCode::TooLarge,
                 "a payload of {} bytes fits no size class of the inbound pool (largest {}): add one "
                 "under `inbound`",
                 bytes, pool.geometry().classes().back().bytes);
  pool.count_no_chunk(bytes);
  return error(ErrorCode::QuotaExceeded,
               "all {} chunks of {} bytes towards this plugin are in use: wait for it, or raise "
               "`inbound`",
               pool.geometry().classes()[*size_class].chunks, pool.geometry().classes()[*size_class].bytes);
}

}  // namespace shunt::host
