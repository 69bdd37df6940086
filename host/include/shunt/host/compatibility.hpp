#pragma once
/// Whether a build of a plugin can take the place of another, decided from what both files say of themselves, without
/// running a line of them: what `shunt compat` prints.
///
///     SHUNT_TRY(compared, compare_plugins("plugins/libmomentum.so", "build/libmomentum.so"));
///     if (compared.decision != Compatibility::InPlace) say(compared.reason);
///
/// All of it is without state and safe on any thread.

#include <shunt/schemas/result.hpp>
#include <shunt/schemas/tool_chain.hpp>
#include <shunt/schemas/version.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace shunt {

enum class Compatibility : std::uint8_t {
  InPlace,  ///< The new build takes the old one's place; its callers stay as they are.
  Relink,   ///< It does after its callers were built with its schemas.
  Refuse,   ///< It does not.
};

/// What the ABI levels of both promise.
enum class AbiRule : std::uint8_t {
  V1,       ///< Both are abi-v1: any tool chain, and no field changes.
  V2,       ///< Both are abi-v2: the tool chain changes by its patch level at most, and fields may be appended.
  V3,       ///< Both are abi-v3: the tool chain stays, and the alignment of structs may change.
  Unknown,  ///< Both have one level that is none of these: nobody knows what it promises.
  Differ,   ///< The levels differ.
};

enum class ToolChainChange : std::uint8_t {
  Same,
  Patch,  ///< The same compiler, and the first two numbers of its version.
  Other,  ///< Any other; also when one of the two does not say its tool chain.
};

/// Of what the plugin's functions, topics and calls carry, and all that this refers to.
enum class SchemaChange : std::uint8_t {
  None,
  Appended,  ///< Fields of tables, values of enums or members of unions were appended; FlatBuffers calls it conforming.
  Alignment,  ///< Structs are aligned otherwise, with the same fields.
  Other,      ///< Anything else, also both of these at once.
};

/// A row of the matrix: a decision for each SchemaChange, in its order.
struct CompatibilityRow {
  AbiRule abi;
  std::optional<ToolChainChange> tool_chain;  ///< None: any.
  std::array<Compatibility, 4> decisions;
};

namespace compatibility {

inline constexpr auto kInPlace = Compatibility::InPlace;
inline constexpr auto kRelink = Compatibility::Relink;
inline constexpr auto kRefuse = Compatibility::Refuse;

/// Every case in exactly one place.
inline constexpr std::array kMatrix = {
    //                                                       none      appended  alignment other
    CompatibilityRow{AbiRule::V1, ToolChainChange::Same, {kInPlace, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V1, ToolChainChange::Patch, {kInPlace, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V1, ToolChainChange::Other, {kInPlace, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V2, ToolChainChange::Same, {kInPlace, kInPlace, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V2, ToolChainChange::Patch, {kInPlace, kInPlace, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V2, ToolChainChange::Other, {kRefuse, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V3, ToolChainChange::Same, {kInPlace, kRefuse, kRelink, kRefuse}},
    CompatibilityRow{AbiRule::V3, ToolChainChange::Patch, {kRefuse, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::V3, ToolChainChange::Other, {kRefuse, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::Unknown, std::nullopt, {kRefuse, kRefuse, kRefuse, kRefuse}},
    CompatibilityRow{AbiRule::Differ, std::nullopt, {kRefuse, kRefuse, kRefuse, kRefuse}},
};

}  // namespace compatibility

/// What the matrix says.
[[nodiscard]] constexpr Compatibility decide(AbiRule abi, ToolChainChange tool_chain, SchemaChange schema) noexcept {
  for (const CompatibilityRow& row : compatibility::kMatrix)
    if (row.abi == abi && row.tool_chain.value_or(tool_chain) == tool_chain)
      return row.decisions[static_cast<std::size_t>(schema)];
  return Compatibility::Refuse;
}

[[nodiscard]] AbiRule abi_rule(AbiLevel older, AbiLevel newer) noexcept;

[[nodiscard]] ToolChainChange tool_chain_change(const std::optional<ToolChain>& older,
                                                const std::optional<ToolChain>& newer) noexcept;

/// The enums' own spelling.
std::string_view name(Compatibility decision) noexcept;
std::string_view name(AbiRule abi) noexcept;
std::string_view name(ToolChainChange change) noexcept;
std::string_view name(SchemaChange change) noexcept;

struct PluginComparison {
  Compatibility decision = Compatibility::Refuse;
  AbiRule abi = AbiRule::Differ;
  ToolChainChange tool_chain = ToolChainChange::Other;
  SchemaChange schema = SchemaChange::Other;
  std::string reason;  ///< One line: what decided it, with type and field, and what is new beside that.
  std::string plugin;
  Version older;  ///< With build hash and ABI level.
  Version newer;
};

/// Reads both files; blocks for that and for hashing them. Whether a host would trust either is not asked.
/// Errors, each naming the file: BadInput (they are two plugins, not builds of one), BadSchema (the schemas that one
/// carries cannot be read: rebuild it), and those of inspect_plugin.
[[nodiscard]] Result<PluginComparison> compare_plugins(const std::filesystem::path& older,
                                                       const std::filesystem::path& newer);

}  // namespace shunt
