#pragma once
/// How one payload is sent, where the default does not fit.

#include <shunt/bus/builder.hpp>
#include <shunt/schemas/key.hpp>
#include <shunt/schemas/origin.hpp>

#include <chrono>
#include <span>

namespace shunt::kit {

/// Of a reply.
struct SendOptions {
  bus::Payload payload = bus::Payload::Auto;
};

/// Of a publication.
struct PublishOptions {
  bus::Payload payload = bus::Payload::Auto;
  Key key{};            ///< Where the host conflates the topic, a receiver that lags gets the latest message of each.
  bool urgent = false;  ///< It overtakes what is not urgent, also what this plugin has published before.
  Origin origin{};      ///< When what it tells of came about; by default that of the message in hand.
};

/// Of publications that go out together.
struct BatchOptions {
  bus::Payload payload = bus::Payload::Auto;
  std::span<const Key> keys{};  ///< One for each; or none, and none has a key.
  bool urgent = false;
  Origin origin{};  ///< Of all of them; by default that of the message in hand.
};

/// Of a last will.
struct LastWillOptions {
  Key key{};  ///< Where the host conflates the topic: of what it tells.
};

/// Of a nested call.
struct CallOptions {
  std::chrono::nanoseconds deadline{0};  ///< From now; 0: the caller's own. The smaller of the two counts.
  bus::Payload payload = bus::Payload::Auto;
  Origin origin{};  ///< When what it asks about came about; by default that of the message in hand.
};

}  // namespace shunt::kit
