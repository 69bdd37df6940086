/// The untyped side of Host: routes by name, payloads as bytes.

#include "by_name.hpp"
#include "origin_scope.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <cstring>

namespace shunt::host {
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

Result<RouteHandle> resolve_function(const CoreHandle& core, std::string_view name, SchemaHash request,
                                     SchemaHash reply) {
  SHUNT_TRY(route, core->directory.declared(name, true, request, reply));
  return RouteHandle{core, *route};
}

Result<RouteHandle> resolve_topic(const CoreHandle& core, std::string_view name, SchemaHash schema) {
  SHUNT_TRY(route, core->directory.declared(name, false, schema, {}));
  return RouteHandle{core, *route};
}

Result<ReceivedBytes> call(const CoreHandle& core, std::string_view function, std::span<const std::uint8_t> request,
                           const CallOptions& options) {
  SHUNT_TRY(route, resolve_function(core, function, {}, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, request, route.payload(), scratch));
  return route.call(chunks, built, options);
}

Result<PendingBytes> call_async(const CoreHandle& core, std::string_view function,
                                std::span<const std::uint8_t> request, const CallOptions& options) {
  SHUNT_TRY(route, resolve_function(core, function, {}, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, request, route.payload(), scratch));
  return route.call_async(chunks, built, options);
}

Result<StartedCall> call_async(const CoreHandle& core, std::string_view function, std::span<const std::uint8_t> request,
                               const CallOptions& options, Completion completion) {
  SHUNT_TRY(route, resolve_function(core, function, {}, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, request, route.payload(), scratch));
  return route.call_async(chunks, built, options, std::move(completion));
}

Result<Delivery> publish(const CoreHandle& core, std::string_view topic, std::span<const std::uint8_t> payload,
                         const PublishOptions& options) {
  SHUNT_TRY(route, resolve_topic(core, topic, {}));
  alignas(8) std::uint8_t scratch[bus::kInlinePayloadBytes];
  RouteHandle::Chunks chunks{route};
  SHUNT_TRY(built, place(chunks, payload, route.payload(), scratch));
  return route.publish(chunks, built, options);
}

Result<Subscription> subscribe(const CoreHandle& core, std::string_view topic, SchemaHash schema,
                               std::optional<SlowConsumer> policy, std::function<bool(ReceivedBytes&, bool)> callback) {
  SHUNT_TRY(known, core->directory.declared(topic, false, schema, {}));
  const RouteInfo& route = *known;
  auto inbox = std::make_shared<Inbox>(
      route, policy.value_or(route.settings.slow_consumer), [callback = std::move(callback)](Parcel& parcel) {
        const OriginScope scope{parcel.payload.origin().value_or(std::chrono::nanoseconds{}).count()};
        return callback(parcel.payload, (parcel.flags & bus::flag::kRedelivered) != 0);
      });
  {
    const std::lock_guard lock{core->inboxes_mutex};
    core->inboxes.push_back(inbox);
    core->has_inboxes.store(true, std::memory_order_relaxed);
  }
  Subscription subscription{core, inbox};  // from here on an error ends it
  SHUNT_CHECK(core->on_loop([&](const auto& done) {
    core->supervisor->add_inbox(inbox);
    done({});
  }));
  return subscription;
}

Result<std::vector<std::byte>> schema_of(Core& core, std::string_view route, SchemaPart part) {
  std::vector<std::byte> found;
  SHUNT_CHECK(core.on_loop([&](const auto& done) {
    found = core.supervisor->schema_of(route, part);
    done({});
  }));
  if (found.empty())
    return error(ErrorCode::NoSuchRoute, "no plugin of this host declares \"{}\": see `shunt ls`", route);
  return found;
}

}  // namespace shunt::host

namespace shunt {

Result<ReceivedBytes> Host::call_bytes(std::string_view function, std::span<const std::uint8_t> request,
                                       const CallOptions& options) {
  return host::call(core_, function, request, options);
}

Result<PendingBytes> Host::call_bytes_async(std::string_view function, std::span<const std::uint8_t> request,
                                            const CallOptions& options) {
  return host::call_async(core_, function, request, options);
}

Result<StartedCall> Host::call_bytes_async(std::string_view function, std::span<const std::uint8_t> request,
                                           const CallOptions& options,
                                           std::function<void(Result<ReceivedBytes>)> callback) {
  return host::call_async(
      core_, function, request, options,
      host::Completion{[callback = std::move(callback)](Result<ReceivedBytes>&& outcome, const host::RouteInfo&) {
        callback(std::move(outcome));
      }});
}

Result<Delivery> Host::publish_bytes(std::string_view topic, std::span<const std::uint8_t> payload,
                                     const PublishOptions& options) {
  return host::publish(core_, topic, payload, options);
}

Result<std::vector<std::byte>> Host::schema_of(std::string_view route) { return host::schema_of(*core_, route); }

}  // namespace shunt
