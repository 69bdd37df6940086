#include "arena.hpp"

#include "random.hpp"

#include <algorithm>
#include <limits>
#include <numbers>
#include <utility>

namespace robot_demo {
namespace {

constexpr std::size_t kObstacles = 12;  // beside the partition, if there is room for so many
constexpr int kTries = 1000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Where a ray from `from` along `step` is between -half and half of one axis: from first to second of its length.
std::pair<double, double> crossing(double from, double step, double half) {
  if (step == 0) return std::abs(from) < half ? std::pair{-kInfinity, kInfinity} : std::pair{kInfinity, -kInfinity};
  return std::minmax({(-half - from) / step, (half - from) / step});
}

double range_to(const Circle& circle, Point origin, Point step) {
  const double x = circle.centre.x - origin.x, y = circle.centre.y - origin.y;
  const double along = x * step.x + y * step.y;
  const double beside = y * step.x - x * step.y;
  const double under = circle.radius * circle.radius - beside * beside;
  return along > 0 && under > 0 ? along - std::sqrt(under) : kInfinity;
}

double range_to(const Box& box, Point origin, Point step) {
  const Point from = seen_from(box.centre, box.angle, origin);
  const Point along = seen_from({}, box.angle, step);
  const auto [in_x, out_x] = crossing(from.x, along.x, box.half_length);
  const auto [in_y, out_y] = crossing(from.y, along.y, box.half_width);
  const double in = std::max(in_x, in_y);
  return in > 0 && in < std::min(out_x, out_y) ? in : kInfinity;
}

double clearance_of(const Circle& circle, Point at) { return distance(circle.centre, at) - circle.radius; }

double clearance_of(const Box& box, Point at) {
  const Point seen = seen_from(box.centre, box.angle, at);
  const double x = std::abs(seen.x) - box.half_length, y = std::abs(seen.y) - box.half_width;
  return std::hypot(std::max(x, 0.0), std::max(y, 0.0)) + std::min(std::max(x, y), 0.0);
}

}  // namespace

Arena::Arena(std::uint64_t seed) {
  Random random{seed};
  const double reach = random.between(2.5, 4);  // of the partition, from the lower or the upper wall
  const bool upper = random.between(0, 1) < 0.5;
  boxes_.push_back({{random.between(4.5, 7.5), upper ? kWidth - reach / 2 : reach / 2}, 0.1, reach / 2, 0});
  for (int tries = 0; tries < kTries && circles_.size() + boxes_.size() <= kObstacles; ++tries) {
    const Point at{random.between(0, kLength), random.between(0, kWidth)};
    const bool round = random.between(0, 1) < 0.5;
    const double length = random.between(0.15, 0.7);
    const double width = round ? 0 : random.between(0.15, 0.5);
    const double angle = random.between(0, std::numbers::pi);
    const double extent = std::hypot(length, width);
    if (clearance(at) < extent + kPassage || distance(at, kStart.at) < extent + 1) continue;
    if (round) circles_.push_back({at, length});
    else boxes_.push_back({at, length, width, angle});
  }
}

double Arena::range(Point origin, double angle, double range_max) const {
  const Point step{std::cos(angle), std::sin(angle)};
  const double wall_x = crossing(origin.x - kLength / 2, step.x, kLength / 2).second;
  const double wall_y = crossing(origin.y - kWidth / 2, step.y, kWidth / 2).second;
  double nearest = std::min({range_max, wall_x, wall_y});
  for (const Circle& circle : circles_) nearest = std::min(nearest, range_to(circle, origin, step));
  for (const Box& box : boxes_) nearest = std::min(nearest, range_to(box, origin, step));
  return nearest;
}

double Arena::clearance(Point at) const {
  double nearest = std::min({at.x, kLength - at.x, at.y, kWidth - at.y});
  for (const Circle& circle : circles_) nearest = std::min(nearest, clearance_of(circle, at));
  for (const Box& box : boxes_) nearest = std::min(nearest, clearance_of(box, at));
  return nearest;
}

}  // namespace robot_demo
