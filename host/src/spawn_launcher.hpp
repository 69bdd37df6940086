#pragma once
/// Starting shunt-launch with one end of a control socket.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <array>
#include <filesystem>

#include <sys/types.h>

namespace shunt::host {

/// Two ends of a socket for control.fbs's packets. Errors: System.
[[nodiscard]] Result<std::array<bus::UniqueFd, 2>> socket_pair();

struct StartedLauncher {
  pid_t pid = -1;        ///< A child, to be waited for.
  bus::UniqueFd socket;  ///< Our end; the other is its descriptor 3.
};

/// `option`: what the launcher is to do with its socket, "--attach" or "--probe". Errors: System.
[[nodiscard]] Result<StartedLauncher> start_launcher(const std::filesystem::path& launcher, const char* option);

}  // namespace shunt::host
