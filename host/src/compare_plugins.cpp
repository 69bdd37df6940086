#include "compare_builds.hpp"
#include "route_change.hpp"
#include "schema_change.hpp"
#include "state_versions.hpp"

#include <shunt/host/compatibility.hpp>

#include <fmt/ranges.h>

namespace shunt {
namespace {

std::string_view words_of(ToolChainChange change) {
  return change == ToolChainChange::Patch ? "another patch level of the tool chain" : "another tool chain";
}

std::string_view words_of(SchemaChange change) {
  switch (change) {
    case SchemaChange::None: return "the same fields";
    case SchemaChange::Appended: return "appended fields";
    case SchemaChange::Alignment: return "another alignment";
    case SchemaChange::Other: break;
  }
  return "fields that do not conform";
}

/// Which of the three decided, in the words of the matrix.
std::string rule_text(const PluginComparison& compared) {
  const auto level = [](const Version& version) { return version.abi.value_or(AbiLevel{}).value; };
  const auto abi = fmt::format("abi-v{}", level(compared.older));
  if (compared.abi == AbiRule::Differ) return fmt::format("abi-v{} does not follow {}", level(compared.newer), abi);
  if (compared.abi == AbiRule::Unknown) return abi + " promises nothing: levels 1 to 3 do";
  if (compared.decision == Compatibility::InPlace) return abi + " allows this";
  if (compared.decision == Compatibility::Relink)
    return abi + " allows this once callers are built with the new schemas";
  std::vector<std::string_view> refused;
  // What is refused beside the least of the other is so by itself.
  if (decide(compared.abi, compared.tool_chain, SchemaChange::None) == Compatibility::Refuse)
    refused.push_back(words_of(compared.tool_chain));
  if (decide(compared.abi, ToolChainChange::Same, compared.schema) == Compatibility::Refuse)
    refused.push_back(words_of(compared.schema));
  return fmt::format("{} does not allow {}", abi, fmt::join(refused, " or "));
}

std::string tool_chain_text(const std::optional<ToolChain>& older, const std::optional<ToolChain>& newer) {
  if (!older && !newer) return "neither says its tool chain, which counts as another";
  if (!older || !newer)
    return fmt::format("the {} one does not say its tool chain, which counts as another", older ? "new" : "old");
  if (*older == *newer) return fmt::format("the tool chain is {} still", to_string(*older));
  return fmt::format("the tool chain was {} and is {}", to_string(*older), to_string(*newer));
}

Result<PayloadSchema> schema_of(const PluginImage& image, const std::set<std::string>& types) {
  auto schema = read_payload_schema(image.manifest.binary_schemas, types);
  if (!schema) return error(schema.error().code, "{}: {}", image.path.string(), schema.error().message);
  return schema;
}

Result<SchemaDifference> compare_payloads(const PluginImage& older, const PluginImage& newer,
                                          const RouteDifference& routes) {
  SHUNT_TRY(schema_before, schema_of(older, routes.shared));
  SHUNT_TRY(schema_now, schema_of(newer, routes.shared));
  if (!routes.broken.empty()) return SchemaDifference{SchemaChange::Other, routes.broken.front()};
  auto difference = compare_schemas(schema_before, schema_now);
  if (difference.change != SchemaChange::None) return difference;
  if (routes.rehashed.empty()) return SchemaDifference{SchemaChange::None, "no field differs"};
  // Hosts go by the hashes: one of the manifests says another schema than it carries.
  return SchemaDifference{
      SchemaChange::Other,
      *routes.rehashed.begin() + " has another hash and the same fields: build both with one release"};
}

}  // namespace

Result<PluginComparison> compare_plugins(const std::filesystem::path& older, const std::filesystem::path& newer) {
  SHUNT_TRY(before, read_plugin(older));
  SHUNT_TRY(now, read_plugin(newer));
  return compare_builds(before.image, now.image);
}

Result<PluginComparison> compare_builds(const PluginImage& older, const PluginImage& newer) {
  const Manifest &was = older.manifest, &is = newer.manifest;
  if (was.name != is.name)
    return error(ErrorCode::BadInput, "{} is {} and {} is {}: name two builds of one plugin", older.path.string(),
                 was.name, newer.path.string(), is.name);

  const auto routes = compare_routes(was, is);
  SHUNT_TRY(payloads, compare_payloads(older, newer, routes));
  PluginComparison compared;
  compared.plugin = is.name;
  compared.older = older.version;
  compared.newer = newer.version;
  compared.abi = abi_rule(was.version.abi.value_or(AbiLevel{}), is.version.abi.value_or(AbiLevel{}));
  compared.tool_chain = tool_chain_change(was.tool_chain, is.tool_chain);
  compared.schema = payloads.change;
  compared.decision = decide(compared.abi, compared.tool_chain, compared.schema);
  compared.reason =
      fmt::format("{}: {}; {}", rule_text(compared), payloads.text, tool_chain_text(was.tool_chain, is.tool_chain));
  if (!routes.added.empty()) compared.reason += "; new: " + routes.added.front();
  if (routes.added.size() > 1) compared.reason += fmt::format(", and {} more", routes.added.size() - 1);
  if (const auto state = host::state_between(was, is); !state)
    compared.reason += "; a switch from the one to the other would be refused: " + state.error().message;
  else if (*state) compared.reason += fmt::format("; its state goes over as state {}", **state);
  return compared;
}

}  // namespace shunt
