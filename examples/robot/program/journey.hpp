#pragma once
/// What came of one run: plain values, for the report and the picture.

#include "arena.hpp"
#include "samples.hpp"
#include "time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace robot_demo {

struct Moment {
  Tick tick = 0;
  Pose pose;
};

/// The driver was killed. What has not happened until the end is absent.
struct Death {
  Moment killed{};
  std::int64_t stop_ns = 0;         ///< From the kill until the stop had come, by the clock.
  std::optional<Moment> stop{};     ///< Its last will came.
  std::optional<Moment> stood{};    ///< And the wheels stood.
  std::optional<Moment> went_on{};  ///< And a command of the next instance was in force.
};

struct Journey {
  explicit Journey(Tick periods) : ticks(periods), late_ns(periods), answered_ns(periods / kTicksPerScan + 1) {
    track.reserve(periods / kTicksPerPoint + 2);
  }

  static constexpr Tick kTicksPerPoint = 50;  ///< Of the track.

  Tick ticks;
  Samples late_ns;      ///< Of each period: how late the loop woke up. Empty in lockstep.
  Samples answered_ns;  ///< Of each command in force: since its scan was taken.
  std::vector<Moment> track;
  std::uint64_t scans = 0;
  std::uint64_t commands = 0;  ///< In force.
  std::uint64_t ignored = 0;   ///< That the gate did not let through.
  std::uint64_t unsent = 0;    ///< Scans that nobody took.
  std::uint64_t watchdog_stops = 0;
  std::uint64_t last_wills = 0;
  std::uint64_t collisions = 0;
  double nearest = 0;   ///< Metres between the robot's rim and anything, at the least.
  double distance = 0;  ///< Metres driven.
  double explored = 0;  ///< Share of the floor.
  std::optional<Death> death;
  std::string given_up;  ///< Why nobody drives any more at the end; else empty.
};

}  // namespace robot_demo
