#include <shunt/plugin-kit/runtime/control_channel.hpp>
#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

namespace shunt::kit {
namespace {

/// No descriptor is sent while more of this user's are on their way than this process may have open, whoever sent them:
/// another plugin that floods its host. The host takes those and ends it.
constexpr int kCrowdedTries = 1000;
constexpr std::chrono::milliseconds kCrowdedPause{1};

/// Ancillary data for at most kDescriptorsMax descriptors, aligned as the kernel wants it.
struct alignas(cmsghdr) Ancillary {
  std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> bytes{};
};

std::vector<bus::UniqueFd> take_descriptors(msghdr& header) {
  std::vector<bus::UniqueFd> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

Status ControlChannel::send_message(const control::MessageT& message, std::span<const int> descriptors) const {
  flatbuffers::FlatBufferBuilder builder{1024};
  builder.Finish(control::Message::Pack(builder, &message));
  return send_bytes(std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()}), descriptors);
}

Status ControlChannel::forward(const ControlPacket& packet) const {
  std::vector<int> descriptors;
  for (const auto& descriptor : packet.descriptors) descriptors.push_back(descriptor.get());
  return send_bytes(packet.bytes(), descriptors);
}

Status ControlChannel::send_bytes(std::span<const std::byte> bytes, std::span<const int> descriptors) const {
  if (descriptors.size() > kDescriptorsMax)
    return error(ErrorCode::BadInput, "a control packet carries at most {} descriptors", kDescriptorsMax);
  iovec payload{const_cast<std::byte*>(bytes.data()), bytes.size()};
  Ancillary ancillary;
  msghdr header{};
  header.msg_iov = &payload;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
    cmsghdr* const part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof(int) * descriptors.size());
  }
  for (auto tries = kCrowdedTries; ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) < 0;) {
    if (errno == EINTR) continue;
    if (errno == ETOOMANYREFS && tries-- > 0) {
      std::this_thread::sleep_for(kCrowdedPause);
      continue;
    }
    if (errno == EPIPE || errno == ECONNRESET)
      return error(ErrorCode::HostGone, "the other end of the control socket is closed");
    return system_error("sending a control packet");
  }
  return {};
}

Result<ControlPacket> ControlChannel::receive() const {
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(kControlBytesMax);
  iovec payload{bytes.get(), kControlBytesMax};
  Ancillary ancillary;
  msghdr header{};
  header.msg_iov = &payload;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  ssize_t received = 0;
  while ((received = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC)) < 0) {
    // One that closed without having read all resets the connection: told once, before the packets that it sent.
    if (errno == EINTR || errno == ECONNRESET) continue;
    return system_error("receiving a control packet");
  }
  auto descriptors = take_descriptors(header);
  if (received <= 0) return error(ErrorCode::HostGone, "the other end of the control socket is closed");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return error(ErrorCode::BadInput, "a control packet is longer than {} bytes or carries more than {} descriptors",
                 kControlBytesMax, kDescriptorsMax);
  const auto size = static_cast<std::size_t>(received);
  flatbuffers::Verifier verifier{reinterpret_cast<const std::uint8_t*>(bytes.get()), size, kVerifyDepthMax,
                                 kVerifyTablesMax};
  if (!control::VerifyMessageBuffer(verifier))
    return error(ErrorCode::BadInput, "a control packet of {} bytes is not a Message of control.fbs", size);
  return ControlPacket{std::move(bytes), size, std::move(descriptors)};
}

bool ControlChannel::await(std::chrono::nanoseconds timeout) const noexcept {
  const std::int64_t ns = std::max<std::int64_t>(timeout.count(), 0);
  const timespec left{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  pollfd watched{socket_.get(), POLLIN, 0};
  return ::ppoll(&watched, 1, &left, nullptr) > 0;
}

}  // namespace shunt::kit
