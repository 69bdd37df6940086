#pragma once
/// Routes and instances by name: what Host's untyped side and the admin socket have in common.

#include "core.hpp"

#include <shunt/subscription.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace shunt::host {

using CoreHandle = std::shared_ptr<Core>;

/// Errors: NoSuchRoute, SchemaMismatch.
[[nodiscard]] Result<RouteHandle> resolve_function(const CoreHandle& core, std::string_view name, SchemaHash request,
                                                   SchemaHash reply);
[[nodiscard]] Result<RouteHandle> resolve_topic(const CoreHandle& core, std::string_view name, SchemaHash schema);

/// Errors: NoSuchRoute, and those of calls and publications.
[[nodiscard]] Result<ReceivedBytes> call(const CoreHandle& core, std::string_view function,
                                         std::span<const std::uint8_t> request, const CallOptions& options);
[[nodiscard]] Result<PendingBytes> call_async(const CoreHandle& core, std::string_view function,
                                              std::span<const std::uint8_t> request, const CallOptions& options);
[[nodiscard]] Result<StartedCall> call_async(const CoreHandle& core, std::string_view function,
                                             std::span<const std::uint8_t> request, const CallOptions& options,
                                             Completion completion);
[[nodiscard]] Result<Delivery> publish(const CoreHandle& core, std::string_view topic,
                                       std::span<const std::uint8_t> payload, const PublishOptions& options);

/// `policy` for a subscriber that does not keep up; the route's own when absent. Errors: NoSuchRoute, SchemaMismatch.
[[nodiscard]] Result<Subscription> subscribe(const CoreHandle& core, std::string_view topic, SchemaHash schema,
                                             std::optional<SlowConsumer> policy,
                                             std::function<bool(ReceivedBytes&, bool redelivered)> callback);

/// Errors: NoSuchPlugin, Stopped.
[[nodiscard]] Result<InstanceQuotas> quotas_of(Core& core, std::uint64_t instance);

/// Errors: NoSuchRoute.
[[nodiscard]] Result<std::vector<std::byte>> schema_of(Core& core, std::string_view route,
                                                       SchemaPart part = SchemaPart::Request);

}  // namespace shunt::host
