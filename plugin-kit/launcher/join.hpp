#pragma once
/// Joining a running host by hand: `shunt-launch --host NAME plugin.so`.

#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <string>

namespace shunt::launcher {

/// Connects to the host, given by its name, as `shunt run` has it, or by the path of its socket, and offers it the
/// plugin's file and the signature beside it; the host answers with Attach or Refused. Blocks until it does. Errors:
/// BadInput, HostGone, NotServing (it lets nobody in, or not this user), NotTrusted (the loader was told to load
/// something into this process), System.
[[nodiscard]] Result<kit::ControlChannel> join_host(const std::string& name_or_path, const std::string& plugin_path);

}  // namespace shunt::launcher
