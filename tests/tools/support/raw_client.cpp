#include "raw_client.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace shunt::test {

RawClient::RawClient(const std::string& socket) : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(socket + ": " + std::strerror(errno));
}

bool RawClient::send(std::string_view packet, int descriptor) {
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (descriptor >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  return ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void RawClient::close_sending() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::drop_packet() {
  char first = 0;
  if (::recv(socket_.get(), &first, 1, 0) != 1) throw std::runtime_error("the host sends nothing");
}

Json RawClient::answer() {
  std::string text;
  std::string packet(128u << 10, '\0');
  for (bool was_reset = false;;) {
    const auto count = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (count < 0 && errno == ECONNRESET && !std::exchange(was_reset, true)) continue;  // its words are behind it
    if (count < 0 && errno == EAGAIN) throw std::runtime_error("the host does not answer");
    if (count <= 0) return {};
    text.append(packet, 1, static_cast<std::size_t>(count) - 1);
    if (packet[0] == '=') return Json::parse(text);
  }
}

Json RawClient::last_answer() {
  Json last = answer();
  EXPECT_TRUE(answer().is_null()) << "the host closes the connection";
  return last;
}

}  // namespace shunt::test
