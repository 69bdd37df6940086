#pragma once
/// What one scan says of the room around: how far the robot can go, in any direction.
///
///     Surroundings surroundings;
///     surroundings.take(scan);
///     const double ahead = surroundings.free(0, 0.28);

#include "robot_generated.h"

#include <algorithm>
#include <cmath>
#include <vector>

class Surroundings {
 public:
  /// Room for the points of a scan is made once: later scans of the size allocate nothing.
  void take(const robot::LaserScan& scan) {
    points_.clear();
    double angle = scan.angle_min();
    for (const float range : *scan.ranges()) {
      if (range < scan.range_max()) points_.push_back({range * std::cos(angle), range * std::sin(angle)});
      angle += scan.angle_increment();
    }
    angle_min_ = scan.angle_min();
    angle_max_ = scan.angle_max();
    range_max_ = scan.range_max();
  }

  /// How far a disc of this radius gets towards `angle` before it touches something, in metres; 0 when it does already.
  [[nodiscard]] double free(double angle, double radius) const {
    const double x = std::cos(angle), y = std::sin(angle);
    double nearest = range_max_;
    for (const Point& point : points_) {
      const double along = point.x * x + point.y * y;
      const double beside = point.y * x - point.x * y;
      if (along <= 0 || std::abs(beside) >= radius) continue;
      nearest = std::min(nearest, along - std::sqrt(radius * radius - beside * beside));
    }
    return std::max(nearest, 0.0);
  }

  [[nodiscard]] double angle_min() const { return angle_min_; }
  [[nodiscard]] double angle_max() const { return angle_max_; }

 private:
  struct Point {
    double x;
    double y;
  };
  std::vector<Point> points_;  // from where the robot is, ahead along x
  double angle_min_ = 0;
  double angle_max_ = 0;
  double range_max_ = 0;
};
