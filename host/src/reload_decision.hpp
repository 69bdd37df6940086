#pragma once
/// What becomes of a new build of a plugin that came into a watched folder: by its interface signature, which is each
/// function's and topic's name with the schemas of its types. Values: who reads files and moves routes is somebody
/// else.
///
///     const ReloadDecision decision = decide_reload(serving, came, calls);
///     if (decision.kind == ReloadKind::Refused) tell(decision.text);
///
///     the same bytes                       nothing happens
///     the same interface                   a switch: handles stay, with new code behind them
///     a function or topic more             a switch; it is registered, and the others are untouched
///     other types of a function or topic   a switch; what holds the old types keeps the old route
///     a function less                      a switch, unless somebody calls it: refused, naming who

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

/// Who calls a function, by its name within the plugin: other plugins, and "the host".
using Callers = std::multimap<std::string, std::string, std::less<>>;

enum class ReloadKind : std::uint8_t { Nothing, Switch, Refused };

struct ReloadDecision {
  ReloadKind kind = ReloadKind::Nothing;
  InterfaceChange change{};
  std::string text{};  ///< For people: what changed, or why it is refused.
};

[[nodiscard]] ReloadDecision decide_reload(const ReadBuild& serving, const ReadBuild& came, const Callers& callers);

}  // namespace shunt::host
