#pragma once
/// What cannot be in a host's configuration, said once for host.toml and for code.

#include <shunt/host/configuration.hpp>

#include <optional>
#include <string>

namespace shunt {

struct Complaint {
  std::string member;  ///< "plugin[0].slots"; "" for the whole.
  std::string text;    ///< Continues the member's name: "is 100; a power of two from 16 to 65536 is meant".
};

/// The first thing wrong, in the order of the members.
std::optional<Complaint> first_complaint(const HostConfiguration& configuration);

}  // namespace shunt
