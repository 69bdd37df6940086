/// Memory of payloads that are a struct, from its loan to its publication.

#include "core.hpp"

#include <shunt/host/route_handle.hpp>

namespace shunt {

Result<RouteHandle::RawMemory> RouteHandle::loan_raw(std::size_t bytes) const {
  if (bytes <= bus::kInlinePayloadBytes && payload() == bus::Payload::Auto) return RawMemory{};
  Chunks chunks{*this};
  SHUNT_TRY(loan, chunks.loan(bytes));
  return RawMemory{loan, chunks.pool_};
}

void RouteHandle::give_back(const RawMemory& memory) noexcept {
  memory.pool->release({static_cast<std::uint32_t>(memory.loan.handle)});
}

Result<Delivery> RouteHandle::publish_raw(const RawMemory& memory, std::size_t bytes,
                                          const PublishOptions& options) const {
  Chunks chunks{*this};
  chunks.pool_ = memory.pool;
  return publish(chunks, {memory.loan, 0, bytes}, options);
}

}  // namespace shunt
