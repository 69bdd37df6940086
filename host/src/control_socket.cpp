#include "control_socket.hpp"

#include <shunt/schemas/assert.hpp>
#include <shunt/schemas/libraries.hpp>

#include <array>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace shunt::host {
namespace {

constexpr std::size_t kReceivedMax = 8;
constexpr std::size_t kSentMax = 6 + kLibrariesMax;  // of an Attach

/// A packet without bytes reads like the end of all packets.
bool is_closed(int socket) noexcept {
  pollfd other{socket, POLLRDHUP, 0};
  return ::poll(&other, 1, 0) != 0;
}

}  // namespace

Status send_packet(int socket, const flatbuffers::FlatBufferBuilder& built, std::span<const int> descriptors) {
  SHUNT_ASSERT(descriptors.size() <= kSentMax);
  iovec part{built.GetBufferPointer(), built.GetSize()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kSentMax)> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  if (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
  if (errno == EPIPE || errno == ECONNRESET)
    return error(ErrorCode::HostGone, "the other end of the control socket is closed");
  return system_error("sending a control packet");
}

void send_refusal(int socket, const Error& why) {
  flatbuffers::FlatBufferBuilder builder;
  const auto code = static_cast<std::uint16_t>(static_cast<std::uint16_t>(why.code) + 1);
  finish_message(builder, control::CreateRefusedDirect(builder, code, why.message.c_str()));
  static_cast<void>(send_packet(socket, builder, {}));  // it may be gone: then nobody is left to tell
}

Result<std::optional<Packet>> receive_packet(int socket) {
  Packet packet;
  packet.bytes.resize(kPacketBytesMax);
  iovec part{packet.bytes.data(), packet.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kReceivedMax)> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t count = 0;
  // One that closed without having read all resets the connection: told once, before the packets that it sent.
  do count = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == ECONNRESET);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count < 0) return system_error("receiving a control packet");
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); count >= 0 && each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(each), numbers.size() * sizeof(int));
    for (const int number : numbers) packet.descriptors.emplace_back(number);
  }
  if (count == 0 && !is_closed(socket)) return error(ErrorCode::PeerBreach, "a control packet is empty");
  if (count <= 0) return error(ErrorCode::HostGone, "the other end of the control socket is closed");
  if ((header.msg_flags & MSG_CTRUNC) != 0 && packet.descriptors.size() < kReceivedMax)
    return error(ErrorCode::System,
                 "the host has no room for the descriptors of a control packet: raise its limit of "
                 "open files (ulimit -n)");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return error(ErrorCode::PeerBreach, "a control packet is longer than {} bytes or carries too many descriptors",
                 kPacketBytesMax);
  packet.bytes.resize(static_cast<std::size_t>(count));
  flatbuffers::Verifier verifier(packet.bytes.data(), packet.bytes.size(), 16, 100'000);
  if (!verifier.VerifyBuffer<control::Message>())
    return error(ErrorCode::PeerBreach, "a control packet is not a control message");
  return packet;
}

}  // namespace shunt::host
