#pragma once
/// Where one instance of a plugin serves, one after the other. Messages wait before a seat while it is empty. A plugin
/// has as many as the version that serves has instances, and those of versions that share a route with it.

#include "backoff.hpp"
#include "catalog.hpp"
#include "event_loop.hpp"
#include "instance.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace shunt::host {

struct Seat {
  std::shared_ptr<PluginVersion> version;  ///< Whose instance sits there, or shall.
  Backoff backoff;
  std::shared_ptr<Instance> current{};  ///< Null while there is none.
  struct Before {
    std::shared_ptr<PluginVersion> version{};  ///< Null: there was nobody.
    std::shared_ptr<Instance> instance{};
    bool had_all = false;  ///< Everything that goes over routes with a total order: the others wait for it.
  };
  Before before{};  ///< After an exchange, until all is done that began before: whom it led to then; else null.
  EventLoop::TimerId restart = 0;
  std::shared_ptr<Instance> leaving{};  ///< Once current: the plugin is stopped, and it finishes what it has.
  bool calming = false;       ///< It stood in for another version, and is looked at until it has finished that.
  bool awaits_state = false;  ///< Who sits there gets nothing before it has the state of who did.
  bool gone = false;          ///< A switch has done away with it: it is there until who sat there has finished.
};

/// Seats of the version that serves have the first numbers; those of another one that has a share of some route follow,
/// by its place among the plugin's versions.
[[nodiscard]] constexpr std::uint32_t seat_number(std::size_t version, std::uint32_t instance) noexcept {
  return static_cast<std::uint32_t>(version + 1) * kInstancesMax + instance;
}

/// Of a version that is tried as a shadow: seats of its own, which nobody is led to. Its instances get copies.
inline constexpr std::uint32_t kShadowSeats = 1u << 16;
[[nodiscard]] constexpr bool is_shadow_seat(std::uint32_t number) noexcept { return number >= kShadowSeats; }
/// What an instance there may hold of each class. A shadow has no part in what pools are laid out for: what it holds
/// comes out of the host's reserve.
[[nodiscard]] inline std::vector<std::uint32_t> caps_in(std::uint32_t seat, std::vector<std::uint32_t> caps) {
  if (is_shadow_seat(seat))
    for (std::uint32_t& each : caps) each = std::max(1u, each / 4);
  return caps;
}
struct Shadow {
  std::shared_ptr<PluginVersion> version{};  ///< Null: there is none.
  std::uint32_t share = 0;                   ///< Of 1,000 messages so many are copied.
  friend bool operator==(const Shadow&, const Shadow&) = default;
};

/// What a version gets of a route's messages to its plugin: its weight's part of the sum of all weights that are on.
struct VersionShare {
  std::shared_ptr<PluginVersion> version;
  std::uint32_t weight = 1;
  bool on = true;

  [[nodiscard]] std::uint32_t part() const noexcept { return on ? weight : 0; }
  friend bool operator==(const VersionShare&, const VersionShare&) = default;
};
using Shares = std::vector<VersionShare>;

/// An instance of a version that is kept up while another one serves.
struct Warm {
  std::shared_ptr<PluginVersion> version;
  std::uint32_t seat = 0;  ///< For which it is when its version serves.
  Backoff backoff;
  std::shared_ptr<Instance> instance{};  ///< Null while it serves itself, or there is none.
  EventLoop::TimerId restart = 0;        ///< 0: none is on its way.
};

}  // namespace shunt::host
