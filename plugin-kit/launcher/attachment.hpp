#pragma once
/// What the host gives a launcher to start with: the agreement and its descriptors, checked.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <array>
#include <span>
#include <vector>

namespace shunt::launcher {

struct Attachment {
  static constexpr std::size_t kDescriptors = 6;  ///< As control.fbs orders them.

  control::AttachT agreement;
  std::array<bus::UniqueFd, kDescriptors> descriptors;
  std::vector<bus::UniqueFd> libraries;  ///< In the order of agreement.libraries.

  [[nodiscard]] bus::UniqueFd& operator[](control::Descriptor which) {
    return descriptors[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] const bus::UniqueFd& operator[](control::Descriptor which) const {
    return descriptors[static_cast<std::size_t>(which)];
  }
  void close_descriptors() {
    for (auto& descriptor : descriptors) descriptor.reset();
    libraries.clear();
  }
};

/// Tells `host` why this launcher cannot start the plugin; whoever is gone needs no telling.
void refuse(const kit::ControlChannel& host, const Error& why);

/// Waits for the host's Attach, or its Refused, which becomes the error. An Attach that cannot be is answered with
/// Refused. Errors: LayoutMismatch, BadInput, HostGone, System, and whatever the host refuses with.
[[nodiscard]] Result<Attachment> receive_attachment(const kit::ControlChannel& host);

}  // namespace shunt::launcher
