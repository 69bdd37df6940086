#include "socket_path.hpp"

#include <shunt/host/admin_client.hpp>
#include <shunt/host/configuration.hpp>
#include <shunt/schemas/host_sockets.hpp>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace shunt::tool {
namespace {

namespace fs = std::filesystem;

/// Those that a host listens on.
std::vector<fs::path> sockets_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  if (!is_private_folder(folder)) return found;
  for (const auto& entry : fs::directory_iterator{folder, ignored})
    if (entry.path().extension() == ".sock" && AdminClient::connect(entry.path())) found.push_back(entry.path());
  return found;
}

Result<fs::path> socket_named(const std::string& host) {
  const auto file = host + ".sock";
  std::error_code ignored;
  for (const fs::path& folder : host_socket_folders())
    if (is_private_folder(folder) && fs::exists(folder / file, ignored)) return folder / file;
  return error(ErrorCode::HostGone,
               "no host \"{}\" of this user runs: start it with `shunt run`, or name its socket with --socket", host);
}

}  // namespace

Result<fs::path> default_socket(const std::string& host) {
  bool too_long = false;
  for (const fs::path& folder : host_socket_folders()) {
    const fs::path socket = folder / (host + ".sock");
    if (socket.native().size() > kSocketPathBytesMax) {
      too_long = true;
      continue;
    }
    ::mkdir(folder.c_str(), S_IRWXU);
    if (is_private_folder(folder)) return socket;
  }
  if (too_long)
    return error(ErrorCode::BadConfiguration,
                 "with the name \"{}\" the path of the admin socket is longer than {} bytes: shorten it, or set "
                 "admin_socket in [host]",
                 host, kSocketPathBytesMax);
  return error(ErrorCode::System,
               "none of the folders for admin sockets can be made with mode 0700 for user {} alone, the last is {}: "
               "remove what is there, or set admin_socket in [host]",
               ::geteuid(), host_socket_folders().back().string());
}

Result<fs::path> find_socket(const fs::path& socket, const fs::path& config) {
  if (!socket.empty()) return socket;
  if (!config.empty()) {
    SHUNT_TRY(configuration, read_configuration(config));
    if (configuration.admin_socket) return *configuration.admin_socket;
    return socket_named(configuration.name);
  }
  if (const char* const named = std::getenv("SHUNT_SOCKET"); named != nullptr && *named != '\0') return fs::path{named};
  std::vector<fs::path> found;
  for (const fs::path& folder : host_socket_folders()) std::ranges::copy(sockets_in(folder), std::back_inserter(found));
  if (found.size() == 1) return found.front();
  if (found.empty())
    return error(ErrorCode::HostGone,
                 "no host of this user runs: start one with `shunt run`, or name its socket with "
                 "--socket");
  std::string all;
  for (const fs::path& each : found) all += "\n  --socket " + each.string();
  return error(ErrorCode::BadInput, "there are several hosts, name one:{}", all);
}

}  // namespace shunt::tool
