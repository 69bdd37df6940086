#pragma once
/// Plane geometry in metres and radians; angles grow counter-clockwise.

#include <cmath>

namespace robot_demo {

struct Point {
  double x = 0;
  double y = 0;
};

struct Pose {
  Point at;
  double heading = 0;  ///< 0 looks along x.
};

inline double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// `point` as seen from `origin`, looking along `angle`.
inline Point seen_from(Point origin, double angle, Point point) {
  const double c = std::cos(angle), s = std::sin(angle);
  const double x = point.x - origin.x, y = point.y - origin.y;
  return {x * c + y * s, y * c - x * s};
}

}  // namespace robot_demo
