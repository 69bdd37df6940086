#pragma once
/// The one place where the launchers of tests and benchmarks differ from the one that users run.

#include "plugin_process.hpp"

namespace shunt::launcher {

/// Called once, before the environment is cleared.
[[nodiscard]] PluginHooks program_hooks();

}  // namespace shunt::launcher
