// A plugin: drives where there is room, rather where it has not been lately, and no faster than it can stop.
#include "avoider_contract.hpp"  // generated from plugin.toml
#include "memory.hpp"
#include "surroundings.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace {

constexpr double kStep = 5 * std::numbers::pi / 180;   // between directions that are compared
constexpr double kEnough = 2.5;                        // metres: more room is no better
constexpr double kReaction = 0.15;                     // seconds until a command shows
constexpr double kTurnInPlace = std::numbers::pi / 3;  // what lies further aside is turned to, standing
constexpr double kTurn = 2.5;                          // radians a second for each radian aside
constexpr double kTurnMost = 1.5;

class Avoider final : public avoider::Contract {
  shunt::Status init(const avoider::Config& config) override {
    config_ = config;
    return {};
  }

  shunt::Status on_robot_scan(const shunt::Context&, const shunt::Received<robot::LaserScan>& scan) override {
    if (scan->pose() == nullptr || scan->ranges() == nullptr || !(scan->angle_min() < scan->angle_max()))
      return shunt::error(shunt::ErrorCode::BadInput, "scan {} has no pose or no rays", scan->number());
    const robot::Pose& pose = *scan->pose();
    surroundings_.take(*scan);
    memory_.visit(pose);
    const double aside = best_direction(pose, heading_.value_or(pose.heading()));
    heading_ = pose.heading() + aside;
    const double turn = std::clamp(kTurn * aside, -kTurnMost, kTurnMost);
    return publish_robot_velocity(
        [&](auto& build) { return robot::CreateTwist(build, speed(aside), turn, scan->number()); });
  }

  /// The host has it from the start, and sends it when this process is gone.
  shunt::Status stop(shunt::LastWill<robot::Twist>& will) override {
    return will.write([](auto& build) { return robot::CreateTwist(build, 0.0, 0.0); });
  }

  /// The direction, from where the robot looks, that has the most room, is the least known, takes the least turning and
  /// is the least away from `before`, which was chosen last.
  [[nodiscard]] double best_direction(const robot::Pose& pose, double before) const {
    double best = 0, best_score = -1e9;
    const auto steps = static_cast<int>(surroundings_.angle_max() / kStep);
    for (int step = -steps; step <= steps; ++step) {
      const double angle = step * kStep;
      const double room = std::min(surroundings_.free(angle, config_.half_width), kEnough);
      const double score = room / kEnough - 0.6 * known(pose, angle, room) - 0.1 * std::abs(angle) -
                           0.1 * std::abs(std::remainder(pose.heading() + angle - before, 2 * std::numbers::pi));
      if (score > best_score) best = angle, best_score = score;
    }
    return best;
  }

  /// How familiar the way there is.
  [[nodiscard]] double known(const robot::Pose& pose, double angle, double room) const {
    const double x = std::cos(pose.heading() + angle), y = std::sin(pose.heading() + angle);
    double sum = 0;
    for (const double part : {0.4, 0.7, 1.0})
      sum += memory_.familiarity(pose.x() + part * room * x, pose.y() + part * room * y);
    return sum / 3;
  }

  /// So fast that what is seen now, anywhere between ahead and `aside`, is not reached: by then it stands.
  [[nodiscard]] double speed(double aside) const {
    if (std::abs(aside) > kTurnInPlace) return 0;
    double room = kEnough;
    const auto steps = static_cast<int>(std::ceil(std::abs(aside) / kStep));
    for (int step = 0; step <= steps; ++step)
      room = std::min(room, surroundings_.free(std::copysign(step * kStep, aside), config_.half_width));
    const double brakes = config_.braking * kReaction;
    const double stoppable = std::sqrt(brakes * brakes + 2 * config_.braking * room) - brakes;
    return std::min(stoppable, config_.speed) * std::cos(aside);
  }

  avoider::Config config_;
  Surroundings surroundings_;
  Memory memory_;
  std::optional<double> heading_;  // that was chosen last
};

}  // namespace

SHUNT_PLUGIN(Avoider)
