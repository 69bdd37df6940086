#pragma once
/// Drives a plugin through its lifecycle as no single life of it does, and says what it leaves behind: what `shunt
/// check` does with a plugin that a host would run.
///
///     SHUNT_TRY(drill, drill_plugin(configuration, "plugins/libmomentum.so", std::chrono::system_clock::now(), {}));
///     if (drill.finding) print(to_string(*drill.finding));

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

/// A setting, over those of host.toml, with which a phase is to fail.
struct FailingSetting {
  std::string phase;  ///< "init", "validate" or "activate"
  std::string key;
  std::string value;  ///< As text: "20", "0.5", "true", "fast".
};

struct PluginDrill {
  std::vector<std::string> drills;  ///< "load", "init", "init, twice", ...: those that were begun.
  std::optional<Error> finding;     ///< Of the last of them, naming it; none: it was left as it was found.
};

/// init twice; init that fails and is tried again; cleanup, three times each, after load and after every phase, whether
/// it succeeded or, with `failing`, failed. No descriptor, thread, process, chunk or answer may be left after each. The
/// plugin runs in a process of its own, shunt-drill, as this user and without the sandbox that a host gives it, so only
/// one that the host of `configuration` would run is drilled: with the settings that its [[plugin]] has, and for each
/// phase as long as its longest deadline. Its word is taken for what it leaves. Blocks until that process has ended.
/// Errors, when nothing was drilled: those of check_plugin()'s refusal, BadConfiguration (no shunt-drill is beside the
/// launcher), BadInput (a failing setting that the plugin does not have, or whose value its manifest refuses), System.
[[nodiscard]] Result<PluginDrill> drill_plugin(const HostConfiguration& configuration,
                                               const std::filesystem::path& plugin,
                                               std::chrono::system_clock::time_point now,
                                               const std::vector<FailingSetting>& failing);

}  // namespace shunt
