#include "world.hpp"

#include <algorithm>
#include <utility>

namespace robot_demo {
namespace {

constexpr double kAway = 0.01;  // metres: nearer than that it is still the same collision

}  // namespace

void World::step(const Twist& wanted, double seconds) {
  const Pose before = drive_.pose();
  drive_.step(wanted, seconds);
  const double room = arena_.clearance(drive_.pose().at) - kRadius;
  nearest_ = std::min(nearest_, std::max(room, 0.0));
  if (room <= 0) {
    if (!std::exchange(touches_, true)) ++collisions_;
    drive_.block(before);
  } else if (room > kAway) {
    touches_ = false;
  }
  const Point at = drive_.pose().at;
  was_in_[static_cast<std::size_t>(at.y)][static_cast<std::size_t>(at.x)] = true;
}

double World::explored() const {
  double squares = 0, seen = 0;
  for (std::size_t y = 0; y < kWidth; ++y) {
    for (std::size_t x = 0; x < kLength; ++x) {
      const Point middle{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
      if (!was_in_[y][x] && arena_.clearance(middle) <= kRadius) continue;
      ++squares;
      if (was_in_[y][x]) ++seen;
    }
  }
  return seen / squares;
}

}  // namespace robot_demo
