#include "core.hpp"

#include <shunt/bus/clock.hpp>
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

/// Errors: TooLarge, where the route wants its payloads inside messages and this one does not fit; its loan is over.
Status RouteHandle::check_place(const Chunks& chunks, const bus::Built& built) const {
  if (route_->settings.payload != PayloadPlace::Inline || built.bytes <= bus::kInlineBytesMax) return {};
  if (built.sample.handle != 0) chunks.pool_->release({static_cast<std::uint32_t>(built.sample.handle)});
  return error(ErrorCode::TooLarge, "\"{}\": {} bytes do not fit inside a message ({}): set its `payload` to \"auto\"",
               route_->name, built.bytes, bus::kInlineBytesMax);
}

Result<Delivery> RouteHandle::publish(const Chunks& chunks, const bus::Built& built) const {
  SHUNT_CHECK(check_place(chunks, built));
  SHUNT_TRY(sent, core_->hub->publish(*route_, chunks.pool_, built));
  return Delivery{sent.in_ring, sent.in_backlog, sent.dropped};
}

Result<ReceivedBytes> RouteHandle::call(const Chunks& chunks, const bus::Built& built,
                                        const CallOptions& options) const {
  SHUNT_CHECK(check_place(chunks, built));
  const host::RouteInfo& route = *route_;
  host::CallRequest request;
  request.deadline_ns = bus::deadline_after(bus::now_ns(), options.deadline.value_or(route.settings.deadline));
  request.wait = options.wait.value_or(static_cast<bus::Wait>(route.settings.wait));
  return core_->hub->call(route, chunks.pool_, built, request);
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
