#pragma once
/// A plugin as the supervisor knows it: its versions, its seats, and what people have asked of it.

#include "crash_log.hpp"
#include "guard.hpp"
#include "known_types.hpp"
#include "payload_comparison.hpp"
#include "seat.hpp"
#include "shadow_book.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shunt::host {

/// By version, instead of its own.
using GivenTraits = std::map<std::shared_ptr<PluginVersion>, std::shared_ptr<const Traits>>;

/// One version of a plugin, whether it runs or not.
struct KnownVersion {
  std::string version;
  std::string file;
  bool serves = false;
};

struct Plugin {
  std::vector<std::shared_ptr<PluginVersion>> versions{};
  std::shared_ptr<PluginVersion> serving{};        ///< What its routes lead to, or shall lead to after a restart.
  std::shared_ptr<PluginVersion> served_before{};  ///< A new build took its place; null: none did.
  KnownTypes known_types{};                        ///< By whatever somebody may know a route of it.
  std::map<std::uint32_t, Seat> seats{};           ///< By their numbers.
  std::map<std::uint32_t, Seat> shadow_seats{};    ///< Likewise, from kShadowSeats on: nobody is led to them.
  /// Of routes that several versions share: by the routes' numbers. All others lead to the version that serves.
  std::map<std::uint32_t, Shares> shares{};
  /// Of functions that have an `lts`: by the routes' numbers.
  std::map<std::uint32_t, GuardedRoute> guarded{};
  /// Versions that are there to stand in for others, and do not by the table of now.
  std::vector<const PluginVersion*> standing_by{};
  /// By route: among its seats, the last. Routes with the same shares, now and before, have the same.
  std::map<std::uint32_t, std::shared_ptr<const Choice>> choices{};
  struct Made {
    std::shared_ptr<const Choice> before{};
    std::shared_ptr<const Choice> choice{};
  };
  Made made_last{};
  /// Of its seats, whom hints can mean: the last that were made.
  std::vector<std::shared_ptr<const Candidates>> candidates{};
  Shadow shadow{};
  std::shared_ptr<ShadowBook> shadow_book{};                 ///< While there is one.
  ShadowBook::Counts shadows_before{};                       ///< Of earlier ones.
  std::map<std::uint32_t, PayloadComparison> comparisons{};  ///< Of replies, by the routes' numbers; made when needed.
  /// While a rollout asks for them: by route and version, what becomes of calls that no breaker counts.
  bool is_measured = false;
  std::map<std::pair<std::uint32_t, const PluginVersion*>, std::shared_ptr<Outcomes>> measured{};
  /// Labels that a rollout gives a version beside its own.
  GivenTraits traits{};
  std::uint32_t crashes = 0;
  std::map<const PluginVersion*, std::uint64_t> crashes_of{};  ///< By version: ends that were not told to.
  CrashCounts crash_kinds{};
  bool stopped = true;
  bool is_quarantined = false;  ///< Stopped because it crashed too often, and not by anybody.
  std::string why_down{};       ///< While stopped: after the plugin's name, a sentence.
  bool switching = false;
  bool follow_ups = false;       ///< While it is off: it takes what others that finish or start too send.
  bool held = false;             ///< It serves once all have started that are restarted together with it.
  std::uint64_t restarting = 0;  ///< Which restart() it waits for; 0: none.
  std::uint64_t last_wills_sent = 0;
  std::vector<Warm> warm{};            ///< Every version that is configured so, also the one that serves.
  bool by_hand = false;                ///< Joined; it leaves the host with its process.
  std::chrono::nanoseconds clock{};    ///< Of a plugin whose clock is driven: where it stands, whoever serves.
  std::unique_ptr<Plugin> stood_in{};  ///< The configured one, stopped, whose place it takes meanwhile; may be null.

  [[nodiscard]] Seat* seat(std::uint32_t number) noexcept {
    auto& all = is_shadow_seat(number) ? shadow_seats : seats;
    const auto found = all.find(number);
    return found == all.end() ? nullptr : &found->second;
  }
  /// Whether an instance serves.
  [[nodiscard]] bool is_served() const noexcept {
    return std::ranges::any_of(seats, [](const auto& each) { return each.second.current != nullptr; });
  }
  /// Whether an instance that served finishes what it has, because the plugin was stopped.
  [[nodiscard]] bool is_leaving() const noexcept {
    return std::ranges::any_of(seats, [](const auto& each) { return each.second.leaving != nullptr; });
  }
  // plugin_state.cpp
  /// How a route is divided between versions: as is said, or all to the one that serves.
  [[nodiscard]] Shares shares_said(std::uint32_t route) const;
  /// The same by how their calls do, too.
  [[nodiscard]] Shares shares_now(std::uint32_t route) const;
  /// Nobody of the version sits anywhere, and nobody comes back.
  [[nodiscard]] bool is_out(const PluginVersion& version) const;
  /// Its breaker on the route is open.
  [[nodiscard]] bool is_shunned(std::uint32_t route, const PluginVersion& version) const;

  /// Where calls to the version count on the route, if a rollout asks for it; else null.
  [[nodiscard]] std::shared_ptr<Outcomes> measured_on(std::uint32_t route, const PluginVersion& version) const;

  [[nodiscard]] bool stands_by(const std::shared_ptr<PluginVersion>& version) const noexcept {
    return std::ranges::find(standing_by, version.get()) != standing_by.end();
  }
  [[nodiscard]] bool is_current(const Instance& instance) const noexcept {
    const auto is_it = [&](const auto& each) { return each.second.current.get() == &instance; };
    return std::ranges::any_of(seats, is_it) || std::ranges::any_of(shadow_seats, is_it);
  }
};

}  // namespace shunt::host
