#include "drive.hpp"

#include <algorithm>
#include <numbers>

namespace robot_demo {

void Drive::step(const Twist& wanted, double seconds) {
  const double left = wanted.linear - wanted.angular * kTrack / 2;
  const double right = wanted.linear + wanted.angular * kTrack / 2;
  const double slower = std::min(1.0, kSpeedMax / std::max({std::abs(left), std::abs(right), kSpeedMax}));
  const double most = kAcceleration * seconds;
  left_ += std::clamp(left * slower - left_, -most, most);
  right_ += std::clamp(right * slower - right_, -most, most);

  const double driven = (left_ + right_) / 2 * seconds;
  const double turned = (right_ - left_) / kTrack * seconds;
  const double along = pose_.heading + turned / 2;
  pose_ = {{pose_.at.x + driven * std::cos(along), pose_.at.y + driven * std::sin(along)},
           std::remainder(pose_.heading + turned, 2 * std::numbers::pi)};
  distance_ += std::abs(driven);
}

}  // namespace robot_demo
