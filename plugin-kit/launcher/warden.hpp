#pragma once
/// The warden: the launcher's own process, which starts the others, watches them and tells the host.

#include "attachment.hpp"
#include "plugin_process.hpp"

namespace shunt::launcher {

/// Starts the plugin process and stays until it has ended or the host has gone; nothing is left then.
/// The program's exit code: 0 when the plugin ended by itself with 0, else 1. Errors: System, HostGone.
[[nodiscard]] Result<int> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks);

}  // namespace shunt::launcher
