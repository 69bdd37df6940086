#pragma once
/// Where hosts listen when nobody says where.
///
/// A host without `admin_socket` listens on NAME.sock in the first of these folders that can be used:
/// $XDG_RUNTIME_DIR/shunt, /run/shunt-UID, /tmp/shunt-UID. The folder belongs to the user, with mode 0700; any other is
/// refused, because whoever owns the folder could put a socket of his own there.

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <string>

namespace shunt::tool {

/// For a host of this name that is about to listen; makes the folder. Errors: System (no folder can be used).
[[nodiscard]] Result<std::filesystem::path> default_socket(const std::string& host);

/// The socket that the command line means: `socket`; else that of `config`, a host.toml; else $SHUNT_SOCKET; else the
/// only one in the folders above that a host listens on: what a dead host left does not count. Errors: HostGone (none),
/// BadInput (several), those of read_configuration.
[[nodiscard]] Result<std::filesystem::path> find_socket(const std::filesystem::path& socket,
                                                        const std::filesystem::path& config);

}  // namespace shunt::tool
