#include "admin_listener.hpp"

#include <chrono>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace shunt::host {
namespace {

constexpr int kBacklog = 64;
constexpr int kLockAttempts = 200;
constexpr std::chrono::milliseconds kLockPause{10};

bus::UniqueFd packet_socket() {
  return bus::UniqueFd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

/// One host at a time looks at what is there and replaces it. The lock is on the folder, so nothing is left behind.
Result<bus::UniqueFd> lock_folder(const std::filesystem::path& socket) {
  const auto folder = socket.has_parent_path() ? socket.parent_path() : std::filesystem::path{"."};
  bus::UniqueFd lock{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!lock) return system_error("the folder of admin_socket, " + folder.string());
  for (int i = 0; i < kLockAttempts; ++i) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    std::this_thread::sleep_for(kLockPause);
  }
  return error(ErrorCode::System, "somebody holds a lock on {}: put admin_socket into a folder of your own",
               folder.string());
}

/// Removes what a dead host left. Errors: BadConfiguration for anything else that is there.
Status make_room(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return error(ErrorCode::BadConfiguration, "admin_socket {} is there and no socket: remove it or name another",
                 path.string());
  const auto probe = packet_socket();
  if (!probe) return system_error("making a socket");
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno != ECONNREFUSED)
    return error(ErrorCode::BadConfiguration,
                 "another host listens on {}: stop it, or give this one an admin_socket of its own", path.string());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("removing a dead host's " + path.string());
  return {};
}

}  // namespace

Result<AdminListener> AdminListener::open(std::filesystem::path path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path;
  if (text.empty() || text.size() >= sizeof address.sun_path)
    return error(ErrorCode::BadConfiguration, "admin_socket has {} bytes, a socket takes 1 .. {}: use a shorter path",
                 text.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  SHUNT_TRY(lock, lock_folder(path));
  SHUNT_CHECK(make_room(path, address));
  auto socket = packet_socket();
  if (!socket) return system_error("making the admin socket");
  // The file gets the mode of the socket at its creation: there is no moment in which others may connect.
  if (::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0) return system_error("closing the admin socket to others");
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_error("making the admin socket " + text);
  AdminListener listener{std::move(path), std::move(socket)};
  struct stat status {};
  if (::lstat(text.c_str(), &status) != 0) return system_error(text);
  listener.device_ = status.st_dev;
  listener.inode_ = status.st_ino;
  if (::listen(listener.fd(), kBacklog) != 0) return system_error("listening on the admin socket " + text);
  return listener;
}

AdminListener::~AdminListener() {
  if (!socket_) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    ::unlink(path_.c_str());
}

}  // namespace shunt::host
