#pragma once
/// A plugin as the supervisor knows it: its versions, its seats, and what people have asked of it.

#include "crash_log.hpp"
#include "seat.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shunt::host {

struct Plugin {
  std::vector<std::shared_ptr<PluginVersion>> versions{};
  std::shared_ptr<PluginVersion> serving{};  ///< What its routes lead to, or shall lead to after a restart.
  std::map<std::uint32_t, Seat> seats{};     ///< By their numbers.
  /// Of routes that several versions share: by the routes' numbers. All others lead to the version that serves.
  std::map<std::uint32_t, Shares> shares{};
  /// By route: among its seats, the last. Routes with the same shares, now and before, have the same.
  std::map<std::uint32_t, std::shared_ptr<const Choice>> choices{};
  struct Made {
    std::shared_ptr<const Choice> before{};
    std::shared_ptr<const Choice> choice{};
  };
  Made made_last{};
  /// Of its seats, whom hints can mean: the last that were made.
  std::vector<std::shared_ptr<const Candidates>> candidates{};
  std::uint32_t crashes = 0;
  CrashCounts crash_kinds{};
  bool stopped = true;
  std::string why_down{};  ///< While stopped: after the plugin's name, a sentence.
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
    const auto found = seats.find(number);
    return found == seats.end() ? nullptr : &found->second;
  }
  /// Whether an instance serves.
  [[nodiscard]] bool is_served() const noexcept {
    return std::ranges::any_of(seats, [](const auto& each) { return each.second.current != nullptr; });
  }
  /// Whether an instance that served finishes what it has, because the plugin was stopped.
  [[nodiscard]] bool is_leaving() const noexcept {
    return std::ranges::any_of(seats, [](const auto& each) { return each.second.leaving != nullptr; });
  }
  [[nodiscard]] bool is_current(const Instance& instance) const noexcept {
    return std::ranges::any_of(seats, [&](const auto& each) { return each.second.current.get() == &instance; });
  }
};

}  // namespace shunt::host
