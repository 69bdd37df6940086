#pragma once
/// The warden: the launcher's own process, which starts the others, watches them and tells the host.

#include "attachment.hpp"
#include "plugin_process.hpp"

#include <string>

namespace shunt::launcher {

/// How the plugin process ended.
struct Ending {
  int code = 0;
  int signal = 0;      ///< 0: by itself, with `code`.
  std::string reason;  ///< What the host gave as its reason; it gives one to plugins that were started by hand.

  [[nodiscard]] bool is_orderly() const noexcept { return code == 0 && signal == 0 && reason.empty(); }
};

/// Starts the plugin process and stays until it has ended or the host has gone; nothing is left then.
/// Errors: System, HostGone.
[[nodiscard]] Result<Ending> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks);

}  // namespace shunt::launcher
