/// compat: whether a build of a plugin can take the place of another.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/compatibility.hpp>

namespace shunt::tool {
namespace {

std::string words_of(Compatibility decision) {
  switch (decision) {
    case Compatibility::InPlace: return "in place";
    case Compatibility::Relink: return "re-link";
    case Compatibility::Refuse: break;
  }
  return "refuse";
}

std::string words_of(AbiRule abi) {
  switch (abi) {
    case AbiRule::V1: return "abi-v1";
    case AbiRule::V2: return "abi-v2";
    case AbiRule::V3: return "abi-v3";
    case AbiRule::Unknown: return "any other";
    case AbiRule::Differ: break;
  }
  return "they differ";
}

std::string words_of(std::optional<ToolChainChange> change) {
  if (!change) return "any";
  switch (*change) {
    case ToolChainChange::Same: return "same";
    case ToolChainChange::Patch: return "patch level";
    case ToolChainChange::Other: break;
  }
  return "other";
}

Json row_json(const CompatibilityRow& row) {
  Json json{{"abi", name(row.abi)}, {"tool_chain", row.tool_chain ? Json(name(*row.tool_chain)) : Json(nullptr)}};
  for (std::size_t i = 0; i < row.decisions.size(); ++i)
    json[std::string(name(static_cast<SchemaChange>(i)))] = name(row.decisions[i]);
  return json;
}

void print_matrix(bool json) {
  Json rows = Json::array();
  Table table{"ABI LEVELS", "TOOL CHAIN", "SAME FIELDS", "APPENDED", "ALIGNMENT", "OTHERWISE"};
  for (const CompatibilityRow& row : compatibility::kMatrix) {
    rows.push_back(row_json(row));
    std::vector<std::string> cells{words_of(row.abi), words_of(row.tool_chain)};
    for (const Compatibility each : row.decisions) cells.push_back(words_of(each));
    table.add(std::move(cells));
  }
  if (json) print_line(to_line({{"matrix", rows}}));
  else table.print();
}

Json comparison_json(const PluginComparison& compared) {
  return {{"decision", name(compared.decision)}, {"plugin", compared.plugin}, {"old", to_string(compared.older)},
          {"new", to_string(compared.newer)},    {"abi", name(compared.abi)}, {"tool_chain", name(compared.tool_chain)},
          {"schema", name(compared.schema)},     {"reason", compared.reason}};
}

int exit_code_of(Compatibility decision) {
  switch (decision) {
    case Compatibility::InPlace: return 0;
    case Compatibility::Relink: return kExitRelink;
    case Compatibility::Refuse: break;
  }
  return kExitRefuse;
}

}  // namespace

Result<int> compare_files(const Options& options) {
  if (options.matrix) {
    print_matrix(options.json);
    return 0;
  }
  SHUNT_TRY(compared, compare_plugins(options.name, options.newer));
  if (options.json) print_line(to_line(comparison_json(compared)));
  else
    print_line(printable(fmt::format("{}: {} {} -> {}\n  {}", words_of(compared.decision), compared.plugin,
                                     to_string(compared.older), to_string(compared.newer), compared.reason)));
  return exit_code_of(compared.decision);
}

}  // namespace shunt::tool
