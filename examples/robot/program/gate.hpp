#pragma once
/// What the driver's commands pass on their way to the wheels. A driver is another process, which may be late, gone, or
/// out of its mind: only a fresh command that answers a scan drives the robot, and after a stop none does before it
/// stands.
///
///     gate.take({0.5, 0.1}, scan, scans, tick);         // a command came
///     world.step(gate.in_force(tick), kPeriod);         // each period

#include "drive.hpp"
#include "time.hpp"

#include <cstdint>

namespace robot_demo {

class Gate {
 public:
  /// The watchdog: a command that no other follows for so long ends in a stop.
  static constexpr Tick kHolds = 100;

  /// Whether it is in force from now on. `answers` is the scan that it answers, of `scans` so far. Ignored is what
  /// answers no newer scan than the last one did, or one that is as old as no command may be, or is no number, or comes
  /// between a stop and the standstill.
  bool take(const Twist& command, std::uint64_t answers, std::uint64_t scans, Tick now) {
    const bool fresh = answers > answered_ && answers <= scans && scans - answers < kHolds / kTicksPerScan;
    if (stops_ || !fresh || !std::isfinite(command.linear) || !std::isfinite(command.angular)) {
      ++ignored_;
      return false;
    }
    command_ = command;
    answered_ = answers;
    taken_ = now;
    return true;
  }

  /// Brakes, whatever comes, until the robot stands.
  void stop() {
    command_ = {};
    stops_ = true;
  }

  /// What the wheels are to do in this period.
  Twist in_force(Tick now) {
    const bool moves = command_.linear != 0 || command_.angular != 0;
    if (moves && now - taken_ > kHolds) {
      ++watchdog_stops_;
      stop();
    }
    return command_;
  }

  /// After a stop: the robot stands. From now on what answers a later scan than `scans` counts again.
  void stands(std::uint64_t scans) {
    stops_ = false;
    answered_ = scans;
  }

  [[nodiscard]] bool stops() const { return stops_; }
  /// The newest scan whose answer was taken.
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t ignored() const { return ignored_; }
  [[nodiscard]] std::uint64_t watchdog_stops() const { return watchdog_stops_; }

 private:
  Twist command_;
  std::uint64_t answered_ = 0;
  Tick taken_ = 0;
  bool stops_ = false;
  std::uint64_t ignored_ = 0;
  std::uint64_t watchdog_stops_ = 0;
};

}  // namespace robot_demo
