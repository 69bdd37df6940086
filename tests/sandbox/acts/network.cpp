/// Sockets and pipes: ways out that have no file.
#include "act.hpp"

#include <array>
#include <cstring>

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

int make_socket(int family, int type) {
  const int fd = ::socket(family, type | SOCK_CLOEXEC, 0);
  const int result = result_of(fd);
  if (fd >= 0) ::close(fd);
  return result;
}

int bind_to(const sockaddr* address, socklen_t bytes) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int result = result_of(::bind(fd, address, bytes));
  ::close(fd);
  return result;
}

int bind_port(const Stage&) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind_to(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

int bind_abstract(const Stage&) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  return bind_to(reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t));
}

int knock(const Stage& stage) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (stage.folder + "/door").c_str(), sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int result = result_of(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  ::close(fd);
  return result;
}

int make_pair(const Stage&) {
  std::array<int, 2> ends{};
  return result_of(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
}

int make_pipe(const Stage&) {
  std::array<int, 2> ends{};
  return result_of(::pipe2(ends.data(), O_CLOEXEC));
}

constexpr std::array kActs{
    Act{"network", "tcp_socket", Stop::Denied, "socket",
        [](const Stage&) { return make_socket(AF_INET, SOCK_STREAM); }},
    Act{"network", "udp_socket", Stop::Denied, "socket", [](const Stage&) { return make_socket(AF_INET, SOCK_DGRAM); }},
    Act{"network", "tcp6_socket", Stop::Denied, "socket",
        [](const Stage&) { return make_socket(AF_INET6, SOCK_STREAM); }},
    Act{"network", "local_socket", Stop::Denied, "socket",
        [](const Stage&) { return make_socket(AF_UNIX, SOCK_STREAM); }},
    Act{"network", "kernel_socket", Stop::Denied, "socket",
        [](const Stage&) { return make_socket(AF_NETLINK, SOCK_RAW); }},
    Act{"network", "bind_port", Stop::Denied, "socket", bind_port},
    Act{"network", "bind_abstract_name", Stop::Denied, "socket", bind_abstract},
    Act{"network", "connect_to_door", Stop::Denied, "socket", knock},
    Act{"network", "socket_pair", Stop::Denied, "socketpair", make_pair},
    Act{"network", "pipe", Stop::Denied, "pipe2", make_pipe},
};

}  // namespace

std::span<const Act> network_acts() { return kActs; }

}  // namespace shunt::hostile
