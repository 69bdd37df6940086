#pragma once
/// Drives a plugin through its lifecycle as no single life of it does, and looks for what it leaves behind.

#include <shunt/plugin-kit/test/stand_in.hpp>

#include <functional>
#include <optional>
#include <string_view>

#include <sys/types.h>

namespace shunt::test {

/// What the drill gives to init.
struct DrillSettings {
  Result<std::vector<Setting>> good;
  std::optional<Result<std::vector<Setting>>> init_fails{};
  std::optional<Result<std::vector<Setting>>> validate_fails{};
  std::optional<Result<std::vector<Setting>>> activate_fails{};
  /// Hears before each step which drill it belongs to ("activate after init, twice") and which phase it is. Not null
  /// where the plugin may not come back from one.
  std::function<void(std::string_view drill, std::string_view phase)> notice{};
  /// The process that is given, and waits for, what leaves its parent (PR_SET_CHILD_SUBREAPER); its other children
  /// count as left. 0: there is none, and who leaves its parent is not found.
  pid_t keeper = 0;
};

/// init twice; init that fails and is tried again; cleanup, three times, after load and after each phase, whether it
/// succeeded or failed. Without `init_fails`, init gets a setting that the manifest does not have, which a contract
/// refuses. After each cleanup no descriptor, thread, process, chunk or answer may be there that was not there
/// before; for a thread on its way out it waits a second. Errors: PluginFailed, naming the step and what it left;
/// BadInput for settings with which a phase should fail and does not.
[[nodiscard]] Status drill(const shunt_plugin& plugin, const ContractView& contract, const DrillSettings& settings,
                           const RunnerOptions& options);

}  // namespace shunt::test
