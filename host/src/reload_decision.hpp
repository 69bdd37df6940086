#pragma once
/// What becomes of a new build of a plugin that came into a watched folder: by its interface signature, which is each
/// function's and topic's name with the schemas of its types. Values: who reads files and moves routes is somebody
/// else.
///
///     const ReloadDecision decision = decide_reload(serving, came, compared, users);
///     if (decision.kind == ReloadKind::Refused) tell(decision.text);
///
///     the same bytes                       nothing happens
///     the same interface                   a switch: handles stay, with new code behind them
///     a function or topic more             a switch; it is registered, and the others are untouched
///     other types of a function or topic   a switch. Where they conform, handles stay as they are; else it is a new
///                                          route of the same name, and the old one stays with the old build
///     a function less                      a switch, unless somebody calls it: refused, naming who
///     another promise or tool chain        refused where the matrix of compatibility.hpp does

#include "route_info.hpp"

#include <shunt/host/compatibility.hpp>
#include <shunt/schemas/manifest.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

/// By name: "signal" of functions, "topic in market.bars" and "topic out market.signals" of topics.
struct InterfaceChange {
  std::vector<std::string> added{};
  std::vector<std::string> changed{};  ///< Their types are others, or have another schema.
  std::vector<std::string> removed{};

  [[nodiscard]] bool is_none() const noexcept { return added.empty() && changed.empty() && removed.empty(); }
  friend bool operator==(const InterfaceChange&, const InterfaceChange&) = default;
};
[[nodiscard]] InterfaceChange compare_interfaces(const Manifest& older, const Manifest& newer);

/// What a build may do beyond what another one may: "reads /data", "uses the system call socket", "8 workers, was 1".
[[nodiscard]] std::vector<std::string> wider_permissions(const Manifest& older, const Manifest& newer);

/// A build, as it was read.
struct ReadBuild {
  std::string sha256;
  Manifest manifest;
};

/// Who calls a function, or hears what only this plugin publishes, by the names of InterfaceChange: other plugins, and
/// "the host".
using Users = std::multimap<std::string, std::string, std::less<>>;

enum class ReloadKind : std::uint8_t { Nothing, Switch, Refused };

struct ReloadDecision {
  ReloadKind kind = ReloadKind::Nothing;
  InterfaceChange change{};
  OtherTypes others = OtherTypes::Refused;  ///< What the routes in `change.changed` are to those of before.
  std::string text{};                       ///< For people: what changed, or why it is refused.
};

/// What compare_builds() says of the two; and the other way round: a build whose fields were appended to conforms in
/// both directions, so that going back is in place, too.
struct BothWays {
  PluginComparison forth{};
  Compatibility back = Compatibility::Refuse;
  bool all_known_conform = true;  ///< Of KnownTypes: who knows an earlier build's types could be led to it, too.
};

[[nodiscard]] ReloadDecision decide_reload(const ReadBuild& serving, const ReadBuild& came, const BothWays& compared,
                                           const Users& users);

}  // namespace shunt::host
