#pragma once
/// How a call or a publication is sent, and how it fared.

#include <shunt/bus/doorbell.hpp>
#include <shunt/schemas/error.hpp>
#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/key.hpp>
#include <shunt/schemas/origin.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shunt {

/// Of one call; every member may be left out.
struct CallOptions {
  std::optional<std::chrono::nanoseconds> deadline{};  ///< From now; the route's (3 s) when absent. 0: too late.
  std::optional<bus::Wait> wait{};                     ///< How this thread waits; the route's setting when absent.
  Origin origin{};  ///< When what it asks about came about; in a callback, that of what the callback is for.
  Key key{};        ///< Calls of one key go to one instance of a plugin that has several, where the route is `sticky`.
  /// Which versions may answer. What the handler calls has them too, and what that calls. Errors of a call that has
  /// some: also NoSuchVersion (nobody suits what they require), TooLarge (a route whose `payload` is "inline" has no
  /// room for both).
  Hints hints{};
};

/// Of one publication; every member may be left out.
struct PublishOptions {
  /// What it tells of. On a topic that conflates, a receiver that lags gets the latest message of each; where the route
  /// is `sticky`, messages of one key go to one instance of a plugin that has several.
  Key key{};
  bool urgent = false;  ///< It overtakes what is not urgent and waits, also in a plugin's ring.
  Origin origin{};      ///< When what it tells of came about; in a callback, that of what the callback is for.
  Hints hints{};        ///< Which versions may hear it, and answer what they call for it; else as of a call.
};

/// Of publications that go out together; every member may be left out.
struct BatchOptions {
  std::span<const Key> keys{};  ///< One for each; or none, and none has a key.
  bool urgent = false;
  Origin origin{};  ///< Of all of them: when what they tell of came about; in a callback as for one.
  Hints hints{};    ///< Of all of them, as for one.
};

/// What became of a publication: sums over its receivers.
struct Delivery {
  std::uint32_t delivered = 0;  ///< In a plugin's ring.
  std::uint32_t waiting = 0;    ///< In a host-private backlog, in order.
  std::uint32_t dropped = 0;    ///< By the route's policy: this message or an older one.
  std::uint32_t conflated = 0;  ///< Of `waiting`: took the place of an older message of its key.
};

/// What became of publications that went out together. Those that were published are the first ones.
struct BatchDelivery {
  std::size_t published = 0;
  std::size_t delivered = 0;  ///< Sums over them and their receivers, as in Delivery; so are the next.
  std::size_t waiting = 0;
  std::size_t dropped = 0;
  std::size_t conflated = 0;
  std::optional<Error> rest{};  ///< Why the others were not; none where there are none.
};

}  // namespace shunt
