#pragma once
/// One end of a SOCK_SEQPACKET socket that carries control.fbs Messages and descriptors, one packet each.
///
///     ControlChannel channel{std::move(socket)};
///     SHUNT_CHECK(channel.send(control::EnteredT{...}));
///     SHUNT_TRY(packet, channel.receive());
///     if (const auto* enter = packet.message().body_as_Enter()) ...

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/libraries.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <vector>

namespace shunt::kit {

inline constexpr std::size_t kControlBytesMax = 1 << 20;           ///< Of one packet.
inline constexpr std::size_t kDescriptorsMax = 8 + kLibrariesMax;  ///< That come with one packet.

/// A packet whose Message is verified; owns the descriptors that came with it.
class ControlPacket {
 public:
  ControlPacket(std::unique_ptr<std::byte[]> bytes, std::size_t size, std::vector<bus::UniqueFd> received)
      : descriptors(std::move(received)), bytes_(std::move(bytes)), size_(size) {}

  [[nodiscard]] const control::Message& message() const { return *control::GetMessage(bytes_.get()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }

  std::vector<bus::UniqueFd> descriptors;

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

/// Sending is safe from several threads; receiving is one thread's. Blocks, allocates.
class ControlChannel {
 public:
  explicit ControlChannel(bus::UniqueFd socket) : socket_(std::move(socket)) {}

  /// Sends one body of control.fbs, e.g. control::EnteredT, with descriptors that stay the caller's. Waits up to a
  /// second where this user has too many descriptors on their way. Errors: HostGone when the other end is closed;
  /// System.
  template <typename Body>
  [[nodiscard]] Status send(Body body, std::span<const int> descriptors = {}) const {
    control::MessageT message;
    message.body.Set(std::move(body));
    return send_message(message, descriptors);
  }

  /// The same for a packet that was received elsewhere, as it is.
  [[nodiscard]] Status forward(const ControlPacket& packet) const;

  /// Waits for the next packet. Errors: HostGone when the other end is closed; BadInput for a packet that is no
  /// Message; System.
  [[nodiscard]] Result<ControlPacket> receive() const;

  /// Waits for a packet, at most `timeout`. Whether receive() would return at once; also false when interrupted.
  [[nodiscard]] bool await(std::chrono::nanoseconds timeout) const noexcept;

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  void close() noexcept { socket_.reset(); }

 private:
  [[nodiscard]] Status send_message(const control::MessageT& message, std::span<const int> descriptors) const;
  [[nodiscard]] Status send_bytes(std::span<const std::byte> bytes, std::span<const int> descriptors) const;

  bus::UniqueFd socket_;
};

}  // namespace shunt::kit
