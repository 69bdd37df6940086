/// The untyped side of Host: routes by name, payloads as bytes.

#include "core.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <cstring>

namespace shunt {
namespace {

/// Copies finished bytes to where a payload of their size belongs.
Result<bus::Built> place(RouteHandle::Chunks& chunks, std::span<const std::uint8_t> bytes, bus::Payload payload,
                         std::span<std::uint8_t> scratch) {
  bus::Built built;
  built.bytes = bytes.size();
  if (payload == bus::Payload::Auto && bytes.size() <= scratch.size()) {
    built.sample = {scratch.data(), scratch.size(), 0};
  } else {
    SHUNT_TRY(loan, chunks.loan(bytes.size()));
    built.sample = loan;
  }
  if (!bytes.empty()) std::memcpy(built.sample.data, bytes.data(), bytes.size());
  return built;
}

}  // namespace

Result<ReceivedBytes> Host::call_bytes(std::string_view function, std::span<const std::uint8_t> request,
                                       const CallOptions& options) {
  SHUNT_TRY(route, resolve_function(function, {}, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, request, route.payload(), scratch));
  return route.call(chunks, built, options);
}

Result<Delivery> Host::publish_bytes(std::string_view topic, std::span<const std::uint8_t> payload) {
  SHUNT_TRY(route, resolve_topic(topic, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, payload, route.payload(), scratch));
  return route.publish(chunks, built);
}

Result<std::vector<std::byte>> Host::schema_of(std::string_view route) {
  std::vector<std::byte> found;
  SHUNT_CHECK(core_->on_loop([&](const auto& done) {
    found = core_->supervisor->schema_of(route);
    done({});
  }));
  if (found.empty())
    return error(ErrorCode::NoSuchRoute, "no plugin of this host declares \"{}\": see `shunt ls`", route);
  return found;
}

}  // namespace shunt
