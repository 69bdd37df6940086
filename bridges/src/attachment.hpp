#pragma once
/// What the host hands a bridge to start with: the agreement, and its end of a lane.

#include <shunt/bridges/world.hpp>
#include <shunt/bus/lane.hpp>
#include <shunt/plugin-kit/runtime/control_channel.hpp>

namespace shunt::bridges {

struct Attachment {
  control::AttachT said;
  std::vector<bus::UniqueFd> descriptors;  ///< As control.fbs orders them.

  [[nodiscard]] bus::UniqueFd& operator[](control::Descriptor which) {
    return descriptors[static_cast<std::size_t>(which)];
  }
};

/// Waits for the host's Attach. One that cannot be is answered with Refused. Errors: LayoutMismatch, BadInput,
/// HostGone, System.
[[nodiscard]] Result<Attachment> receive_attachment(const kit::ControlChannel& host);

/// Tells `host` why this bridge cannot start.
void refuse(const kit::ControlChannel& host, const Error& why);

[[nodiscard]] Agreement agreement_of(const control::AttachT& said);

/// Maps the lane and closes its descriptors. Errors: those of LaneEnd::open_plugin.
[[nodiscard]] Result<std::unique_ptr<bus::LaneEnd>> open_lane(Attachment& attachment);

}  // namespace shunt::bridges
