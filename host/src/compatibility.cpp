#include <shunt/host/compatibility.hpp>

#include <algorithm>

namespace shunt {
namespace {

constexpr std::size_t rows_of(AbiRule abi, ToolChainChange tool_chain) {
  return static_cast<std::size_t>(std::ranges::count_if(compatibility::kMatrix, [&](const CompatibilityRow& row) {
    return row.abi == abi && row.tool_chain.value_or(tool_chain) == tool_chain;
  }));
}

static_assert(
    [] {
      for (const auto abi : {AbiRule::V1, AbiRule::V2, AbiRule::V3, AbiRule::Unknown, AbiRule::Differ})
        for (const auto tool_chain : {ToolChainChange::Same, ToolChainChange::Patch, ToolChainChange::Other})
          if (rows_of(abi, tool_chain) != 1) return false;
      return true;
    }(),
    "every case has one row, and only one");

}  // namespace

AbiRule abi_rule(AbiLevel older, AbiLevel newer) noexcept {
  if (older != newer) return AbiRule::Differ;
  switch (older.value) {
    case 1: return AbiRule::V1;
    case 2: return AbiRule::V2;
    case 3: return AbiRule::V3;
    default: return AbiRule::Unknown;
  }
}

ToolChainChange tool_chain_change(const std::optional<ToolChain>& older,
                                  const std::optional<ToolChain>& newer) noexcept {
  if (!older || !newer || older->name != newer->name) return ToolChainChange::Other;
  if (older->version == newer->version) return ToolChainChange::Same;
  constexpr std::size_t kNumbers = 2;  // what stands behind them is the patch level
  if (older->version.size() < kNumbers || newer->version.size() < kNumbers) return ToolChainChange::Other;
  return std::equal(older->version.begin(), older->version.begin() + kNumbers, newer->version.begin())
             ? ToolChainChange::Patch
             : ToolChainChange::Other;
}

std::string_view name(Compatibility decision) noexcept {
  switch (decision) {
    case Compatibility::InPlace: return "InPlace";
    case Compatibility::Relink: return "Relink";
    case Compatibility::Refuse: break;
  }
  return "Refuse";
}

std::string_view name(AbiRule abi) noexcept {
  switch (abi) {
    case AbiRule::V1: return "V1";
    case AbiRule::V2: return "V2";
    case AbiRule::V3: return "V3";
    case AbiRule::Unknown: return "Unknown";
    case AbiRule::Differ: break;
  }
  return "Differ";
}

std::string_view name(ToolChainChange change) noexcept {
  switch (change) {
    case ToolChainChange::Same: return "Same";
    case ToolChainChange::Patch: return "Patch";
    case ToolChainChange::Other: break;
  }
  return "Other";
}

std::string_view name(SchemaChange change) noexcept {
  switch (change) {
    case SchemaChange::None: return "None";
    case SchemaChange::Appended: return "Appended";
    case SchemaChange::Alignment: return "Alignment";
    case SchemaChange::Other: break;
  }
  return "Other";
}

}  // namespace shunt
