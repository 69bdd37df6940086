#include <shunt/host/admin_client.hpp>

#include <array>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace shunt {
namespace {

constexpr std::size_t kAnswerBytesMax = 64u << 20;

tl::unexpected<Error> gone() {
  return error(ErrorCode::HostGone, "the host closed the connection: see whether it still runs");
}

tl::unexpected<Error> silent(std::chrono::milliseconds patience) {
  return error(ErrorCode::DeadlineExceeded,
               "the host has said nothing for {} ms: see whether it is stopped (a SIGCONT lets it go on) or has no CPU "
               "left",
               patience.count());
}

/// `option` is SO_RCVTIMEO or SO_SNDTIMEO, which connect() obeys too.
Status bound(int socket, int option, std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
  const timeval time{seconds.count(), std::chrono::microseconds(patience - seconds).count()};
  if (::setsockopt(socket, SOL_SOCKET, option, &time, sizeof time) != 0) return system_error("bounding a wait");
  return {};
}

}  // namespace

Result<AdminClient> AdminClient::connect(const std::filesystem::path& socket, std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket;
  if (path.size() >= sizeof address.sun_path)
    return error(ErrorCode::BadInput, "the socket's path has {} bytes, a socket takes at most {}: use a shorter one",
                 path.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  bus::UniqueFd connection{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!connection) return system_error("making a socket");
  SHUNT_CHECK(bound(connection.get(), SO_SNDTIMEO, patience));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    SHUNT_CHECK(bound(connection.get(), SO_SNDTIMEO, {}));
    return AdminClient{std::move(connection)};
  }
  if (errno == EAGAIN) return silent(patience);
  if (errno == ENOENT || errno == ECONNREFUSED)
    return error(ErrorCode::HostGone,
                 "no host listens on {}: start one with `shunt run`, or name another with --socket", path);
  if (errno == EACCES)
    return error(ErrorCode::System, "the host on {} belongs to another user: ask as that user", path);
  return system_error("connecting to the host on " + path);
}

Status AdminClient::set_patience(std::chrono::milliseconds patience) {
  patience_ = patience;
  SHUNT_CHECK(bound(socket_.get(), SO_SNDTIMEO, patience));
  return bound(socket_.get(), SO_RCVTIMEO, patience);
}

Result<std::string> AdminClient::ask(std::string_view request) {
  SHUNT_CHECK(send(request));
  return next();
}

Status AdminClient::send(std::string_view request) {
  if (request.size() > kAdminRequestBytesMax)
    return error(ErrorCode::TooLarge, "the request has {} bytes, the admin socket takes {}: send less at once",
                 request.size(), kAdminRequestBytesMax);
  ssize_t sent = -1;
  do sent = ::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == EAGAIN) return silent(patience_);
  if (sent < 0 && errno != EPIPE && errno != ECONNRESET) return system_error("asking the host");
  return {};  // also when it has closed: it may have said why
}

Result<std::string> AdminClient::next() {
  std::string answer;
  std::array<char, kAdminPacketBytesMax> packet;
  bool was_reset = false;
  while (answer.size() < kAnswerBytesMax) {
    const ssize_t count = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ECONNRESET && !std::exchange(was_reset, true)) continue;  // its last words may be left
    if (count < 0 && errno == EAGAIN) return silent(patience_);
    if (count <= 0) return gone();
    answer.append(packet.data() + 1, static_cast<std::size_t>(count) - 1);
    if (packet[0] == '=') return answer;
  }
  return error(ErrorCode::TooLarge, "the host's answer is longer than {} bytes", kAnswerBytesMax);
}

}  // namespace shunt
