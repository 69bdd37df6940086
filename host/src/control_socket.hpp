#pragma once
/// Packets of control.fbs over a SOCK_SEQPACKET socket, with descriptors beside them.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/result.hpp>

#include <span>
#include <vector>

#include <flatbuffers/flatbuffers.h>

namespace shunt::host {

inline constexpr std::size_t kPacketBytesMax = 128u << 10;

/// A packet as it was received and verified.
class Packet {
 public:
  std::vector<std::uint8_t> bytes;
  std::vector<bus::UniqueFd> descriptors;

  [[nodiscard]] const control::Message& message() const {
    return *flatbuffers::GetRoot<control::Message>(bytes.data());
  }
};

/// Sends one packet without waiting. Errors: HostGone (the other end is closed), System.
[[nodiscard]] Status send_packet(int socket, const flatbuffers::FlatBufferBuilder& built,
                                 std::span<const int> descriptors);

/// Sends a launcher the reason why its plugin is not taken, or has to end. Without waiting, and without an answer.
void send_refusal(int socket, const Error& why);

/// Receives one packet without waiting, with at most 8 descriptors. None: nothing there yet.
/// Errors: HostGone (closed), PeerBreach (too long, not a control message), System (also when this process has no
/// descriptors left for those that came: they are lost).
[[nodiscard]] Result<std::optional<Packet>> receive_packet(int socket);

/// Finishes a Message around a body.
template <typename Body>
void finish_message(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<Body> body) {
  builder.Finish(control::CreateMessage(builder, control::BodyTraits<Body>::enum_value, body.Union()));
}

}  // namespace shunt::host
