#pragma once
/// `shunt rollout` at the admin socket.

#include "admin_task.hpp"

namespace shunt::host {

/// "action": "status"; "pause", "resume" or "abort" with "plugin"; "preflight" or "start" with "plan", the text of a
/// rollout.toml, and "confirmed".
void run_rollout_command(Task task);

}  // namespace shunt::host
