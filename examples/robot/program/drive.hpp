#pragma once
/// A differential drive: two wheels, each with a motor that speeds up and brakes only so hard.

#include "geometry.hpp"

namespace robot_demo {

/// What the robot does, or is to do.
struct Twist {
  double linear = 0;   ///< Metres a second, ahead.
  double angular = 0;  ///< Radians a second, to the left.
};

class Drive {
 public:
  static constexpr double kTrack = 0.3;         ///< Metres between the wheels.
  static constexpr double kSpeedMax = 1;        ///< Of a wheel, metres a second.
  static constexpr double kAcceleration = 2.0;  ///< Of a wheel, metres a second squared, either way.

  explicit Drive(const Pose& start) : pose_(start) {}

  /// The wheels go after `wanted` for so long. What is too fast for them is slowed down, along the same arc.
  void step(const Twist& wanted, double seconds);
  /// Something is in the way: back to `pose`, standing.
  void block(const Pose& pose) { *this = Drive{pose, distance_}; }

  [[nodiscard]] const Pose& pose() const { return pose_; }
  [[nodiscard]] bool stands() const { return left_ == 0 && right_ == 0; }
  /// Driven so far.
  [[nodiscard]] double distance() const { return distance_; }

 private:
  Drive(const Pose& pose, double distance) : pose_(pose), distance_(distance) {}

  Pose pose_;
  double left_ = 0;  // speed of the wheel
  double right_ = 0;
  double distance_ = 0;
};

}  // namespace robot_demo
