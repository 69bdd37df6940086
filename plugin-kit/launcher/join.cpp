#include "join.hpp"

#include <shunt/schemas/host_sockets.hpp>

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

/// A host that lets nobody in says so in the words of its admin socket: '=' and a JSON object. No control message
/// starts like that. Blocks until the host has answered. Errors: NotServing, with those words.
Status check_let_in(int socket, const std::string& path) {
  std::array<char, 4096> packet{};
  ssize_t count = -1;
  do count = ::recv(socket, packet.data(), packet.size(), MSG_PEEK);
  while (count < 0 && (errno == EINTR || errno == ECONNRESET));  // a reset is told once; the words may be behind it
  if (count < 1 || packet[0] != '=') return {};
  return error(ErrorCode::NotServing, "the host on {} turned this launcher away: {}", path,
               std::string_view{packet.data() + 1, static_cast<std::size_t>(count) - 1});
}

/// Variables by which the loader would have put libraries into this process, and so into the plugin's, that no host has
/// checked. A host that starts a launcher hands none of them on. Errors: NotTrusted, naming the variable.
Status check_environment() {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable{*each};
    if (variable.starts_with("LD_") || variable.starts_with("GLIBC_TUNABLES="))
      return error(
          ErrorCode::NotTrusted,
          "{} is set: libraries that no host has checked could be in this process; start it without (env -u {})",
          variable.substr(0, variable.find('=')), variable.substr(0, variable.find('=')));
  }
  return {};
}

/// The path itself, or the socket of the host of that name, where `shunt run` has put it: a file or folder that has the
/// host's name by chance is neither. Errors: HostGone.
Result<std::string> socket_of(const std::string& host) {
  std::error_code ignored;
  if (host.find('/') != std::string::npos || std::filesystem::is_socket(host, ignored)) return host;
  for (const auto& folder : host_socket_folders()) {
    const auto socket = folder / (host + ".sock");
    if (is_private_folder(folder) && std::filesystem::is_socket(socket, ignored)) return socket.string();
  }
  return error(ErrorCode::HostGone,
               "no host \"{}\" of this user runs: start it with `shunt run`, or give the path of its socket", host);
}

/// Errors: System. None: the plugin has no signature. Whether it is one, the host finds out.
Result<bus::UniqueFd> open_signature(const std::string& plugin_path) {
  bus::UniqueFd signature{::open((plugin_path + ".sig").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!signature && errno != ENOENT) return system_error(fmt::format("opening the signature {}.sig", plugin_path));
  return signature;
}

}  // namespace

Result<kit::ControlChannel> join_host(const std::string& name_or_path, const std::string& plugin_path) {
  SHUNT_CHECK(check_environment());
  SHUNT_TRY(socket_path, socket_of(name_or_path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path))
    return error(ErrorCode::BadInput, "the socket's path has {} bytes, a socket takes at most {}: use a shorter one",
                 socket_path.size(), sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);

  // Without O_NONBLOCK a FIFO of that name would hold us until somebody writes to it; the host refuses it.
  const bus::UniqueFd plugin{::open(plugin_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!plugin) return system_error(fmt::format("opening the plugin {}", plugin_path));
  SHUNT_TRY(signature, open_signature(plugin_path));
  bus::UniqueFd socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!socket) return system_error("making a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED)
      return error(ErrorCode::HostGone, "no host listens on {}: start one, or give the socket it prints", socket_path);
    if (errno == EACCES)
      return error(ErrorCode::System, "the host on {} belongs to another user: join as that user", socket_path);
    return system_error(fmt::format("connecting to the host on {}", socket_path));
  }
  kit::ControlChannel host{std::move(socket)};
  control::JoinT join;
  join.pid = ::getpid();
  std::vector<int> descriptors{plugin.get()};
  if (signature) descriptors.push_back(signature.get());
  const Status sent = host.send(join, descriptors);
  SHUNT_CHECK(check_let_in(host.fd(), socket_path));
  SHUNT_CHECK(sent);
  return host;
}

}  // namespace shunt::launcher
