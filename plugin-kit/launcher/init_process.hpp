#pragma once
/// Init: between warden and plugin process, so that the plugin is nobody's pid 1 and its orphans have a parent.

#include "attachment.hpp"
#include "plugin_process.hpp"

namespace shunt::launcher {

/// Forks the plugin process, tells the warden of its start and end, and ends.
[[noreturn]] void run_init(kit::ControlChannel warden, Attachment attachment, const PluginHooks& hooks);

}  // namespace shunt::launcher
