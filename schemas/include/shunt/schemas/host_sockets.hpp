#pragma once
/// Where hosts of this user listen that were not told where: NAME.sock in the first of these folders that can be made
/// for this user alone. Shared by what makes them and by what looks for them.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace shunt {

/// In the order in which they are tried: $XDG_RUNTIME_DIR/shunt, /run/shunt-UID, /tmp/shunt-UID.
[[nodiscard]] inline std::vector<std::filesystem::path> host_socket_folders() {
  std::vector<std::filesystem::path> result;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  if (const char* const runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/')
    result.push_back(std::filesystem::path{runtime} / "shunt");
  const auto own = "shunt-" + std::to_string(::geteuid());
  result.push_back(std::filesystem::path{"/run"} / own);
  result.push_back(std::filesystem::path{"/tmp"} / own);
  return result;
}

/// Whether a folder is this user's alone, and no link to somewhere else.
[[nodiscard]] inline bool is_private_folder(const std::filesystem::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

}  // namespace shunt
