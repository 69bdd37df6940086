#pragma once
/// What the admin socket says, as JSON.

#include <shunt/host/event.hpp>
#include <shunt/host/explanation.hpp>
#include <shunt/host/quotas.hpp>
#include <shunt/schemas/result.hpp>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace shunt::host {

struct Core;
struct KnownVersion;
using Json = nlohmann::ordered_json;

/// One line; text of plugins that is not UTF-8 is repaired.
[[nodiscard]] std::string to_text(const Json& json);
/// {"error":{"code":"NoSuchRoute","message":"..."}}
[[nodiscard]] Json error_json(const Error& error);
/// {"result":...}, or error_json.
[[nodiscard]] Json answer_json(Result<Json> result);

[[nodiscard]] Json validators_json(const std::vector<ValidatorSnapshot>& validators);
[[nodiscard]] Json plugin_json(const PluginSnapshot& plugin);
[[nodiscard]] Json version_json(const KnownVersion& version);
[[nodiscard]] Json route_json(const RouteSnapshot& route);
[[nodiscard]] Json explanation_json(const RouteExplanation& explanation);
[[nodiscard]] Json pool_json(const PoolSnapshot& pool);
[[nodiscard]] Json quotas_json(const InstanceQuotas& quotas);
[[nodiscard]] Json event_json(const HostEvent& event);
[[nodiscard]] Json crash_json(const CrashReport& report);
[[nodiscard]] Json audit_json(const AuditRecord& record);

/// A route's kind, types and flatc's binary schema, for the reply another one if it needs it: what somebody needs to
/// speak its payloads; of a topic also who publishes it now. Blocks for the control loop. Errors: NoSuchRoute.
[[nodiscard]] Result<Json> route_json(Core& core, const std::string& route);

}  // namespace shunt::host
