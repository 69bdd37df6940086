#pragma once
/// What a client of the admin socket may ask for.

#include <cstdint>
#include <string>

namespace shunt::host {

class AdminServer;

/// Does what `request` asks, and answers `client` once, now or later. On the admin thread.
void run_admin_command(AdminServer& server, std::uint64_t client, const std::string& request);

}  // namespace shunt::host
