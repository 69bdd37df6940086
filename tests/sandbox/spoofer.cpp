/// Speaks to the host over the control socket, which is the kit's: it finds it as any code in the process could.
#include "spoofer_contract.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

using spoofer::Deed;

constexpr int kDescriptorsEnd = 1024;
constexpr std::size_t kSentMax = 253;  // with one packet, says the kernel

/// The only socket that there is. -1: none.
int control_socket() {
  for (int fd = STDERR_FILENO + 1; fd < kDescriptorsEnd; ++fd) {
    msghdr nothing{};
    if (::recvmsg(fd, &nothing, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == EAGAIN) return fd;
  }
  return -1;
}

/// 0, or what stopped it.
int send_packet(int socket, std::vector<std::uint8_t>& packet, std::size_t descriptors) {
  iovec part{packet.data(), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kSentMax)]{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (descriptors > 0) {
    const std::vector<int> numbers(std::min(descriptors, kSentMax), STDIN_FILENO);
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(sizeof(int) * numbers.size());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * numbers.size());
    std::memcpy(CMSG_DATA(rights), numbers.data(), sizeof(int) * numbers.size());
  }
  return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0;
}

std::vector<std::uint8_t> from_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// The thread that listens to the host holds the socket open while it waits: it has to go as well.
void end_listening_thread() {
  struct sigaction leave {};
  leave.sa_handler = [](int) { ::syscall(SYS_exit, 0); };
  ::sigaction(SIGUSR1, &leave, nullptr);
  ::syscall(SYS_tgkill, ::getpid(), ::getpid(), SIGUSR1);
}

class Spoofer final : public spoofer::Contract {
  shunt::Status init(const spoofer::Config& config) override {
    std::vector<std::uint8_t> packet = from_hex(config.in_init);
    if (!packet.empty()) send_packet(control_socket(), packet, 0);
    return {};
  }

  shunt::Status act(const shunt::Context&, const spoofer::Order& order,
                    shunt::Reply<spoofer::Outcome>& reply) override {
    std::uint32_t sent = 0;
    const int stopped_by = do_as_told(order, sent);
    return reply.send([&](auto& build) { return spoofer::CreateOutcome(build, sent, stopped_by); });
  }

  static int do_as_told(const spoofer::Order& order, std::uint32_t& sent) {
    const int socket = control_socket();
    if (order.deed() != Deed::Send) {
      ::close(socket);
      if (order.deed() == Deed::Leave) end_listening_thread();
      return 0;
    }
    std::vector<std::uint8_t> packet;
    if (order.packet() != nullptr) packet.assign(order.packet()->begin(), order.packet()->end());
    packet.resize(std::max<std::size_t>(packet.size(), order.bytes()));
    int stopped_by = 0;
    for (; sent < order.times() && (stopped_by == 0 || stopped_by == EAGAIN); ++sent)
      stopped_by = send_packet(socket, packet, order.descriptors());
    return stopped_by;
  }
};

}  // namespace

SHUNT_PLUGIN(Spoofer)
