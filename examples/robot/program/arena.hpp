#pragma once
/// The room that the robot drives in: four walls, a partition, pillars and crates, all from a seed.
///
///     const Arena arena{7};
///     const double seen = arena.range(robot.at, robot.heading, 10);

#include "geometry.hpp"

#include <cstdint>
#include <vector>

namespace robot_demo {

struct Circle {
  Point centre;
  double radius = 0;
};

struct Box {
  Point centre;
  double half_length = 0;
  double half_width = 0;
  double angle = 0;  ///< Of its length.
};

class Arena {
 public:
  static constexpr double kLength = 12;    ///< Along x, from 0.
  static constexpr double kWidth = 8;      ///< Along y, from 0.
  static constexpr double kPassage = 0.9;  ///< Between any two obstacles, at least.
  static constexpr Pose kStart{{1, 1}, 0.6};

  explicit Arena(std::uint64_t seed);

  /// From `origin`, which is inside, to what a ray meets first; at most `range_max`.
  [[nodiscard]] double range(Point origin, double angle, double range_max) const;
  /// To the nearest wall or obstacle; below 0 inside of one.
  [[nodiscard]] double clearance(Point at) const;

  [[nodiscard]] const std::vector<Circle>& circles() const { return circles_; }
  /// The first one is the partition.
  [[nodiscard]] const std::vector<Box>& boxes() const { return boxes_; }

 private:
  std::vector<Circle> circles_;
  std::vector<Box> boxes_;
};

}  // namespace robot_demo
