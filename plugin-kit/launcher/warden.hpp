#pragma once
/// The warden: the launcher's own process, which starts the others, watches them and tells the host.

#include "attachment.hpp"
#include "plugin_process.hpp"

#include <functional>
#include <optional>
#include <string>

namespace shunt::launcher {

/// How the plugin process ended.
struct Ending {
  int code = 0;
  int signal = 0;       ///< 0: by itself, with `code`.
  std::string reason;   ///< What the host gave as its reason; it gives one to plugins that were started by hand.
  int told_to_end = 0;  ///< SIGINT or SIGTERM, which a person sent to this launcher.

  [[nodiscard]] bool is_orderly() const noexcept { return code == 0 && signal == 0 && reason.empty(); }
};

/// For a launcher that a person started: SIGINT and SIGTERM end the plugin, and the host hears how.
struct ByHand {
  std::function<void(const std::string& host, pid_t plugin)> serves;  ///< Called once the plugin does.
};

/// Starts the plugin process and stays until it has ended or the host has gone; nothing is left then.
/// Errors: System, HostGone.
[[nodiscard]] Result<Ending> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks,
                                        Purpose purpose = Purpose::Serve, std::optional<ByHand> by_hand = {});

}  // namespace shunt::launcher
