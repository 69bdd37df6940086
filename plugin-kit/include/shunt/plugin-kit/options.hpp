#pragma once
/// How one payload is sent, where the default does not fit.

#include <shunt/bus/builder.hpp>

#include <chrono>

namespace shunt::kit {

/// Of a reply or a publication.
struct SendOptions {
  bus::Payload payload = bus::Payload::Auto;
};

/// Of a nested call.
struct CallOptions {
  std::chrono::nanoseconds deadline{0};  ///< From now; 0: the caller's own. The smaller of the two counts.
  bus::Payload payload = bus::Payload::Auto;
};

}  // namespace shunt::kit
