#pragma once
/// Init: between warden and plugin process, so that the plugin is nobody's pid 1 and its orphans have a parent.

#include "plugin_process.hpp"
#include "sandbox/namespaces.hpp"

namespace shunt::launcher {

/// Leaves the host as far as `forked` says, forks the plugin process, tells the warden of its start and end, and ends.
[[noreturn]] void run_init(kit::ControlChannel warden, PluginStart start, const Forked& forked, ProcFolder proc);

}  // namespace shunt::launcher
