#pragma once
/// A laser scanner as robots of this size have: 271 rays over 270 degrees, 50 times a second, to the centimetre.

#include "arena.hpp"
#include "random.hpp"

#include <cstdint>
#include <numbers>
#include <span>

namespace robot_demo {

class Scanner {
 public:
  static constexpr std::size_t kRays = 271;
  static constexpr double kRangeMax = 10;
  static constexpr double kAngleMax = 135 * std::numbers::pi / 180;
  static constexpr double kStep = 2 * kAngleMax / (kRays - 1);
  static constexpr double kNoise = 0.01;  ///< Metres that a range may be wrong, either way.

  explicit Scanner(std::uint64_t seed) : noise_(seed) {}

  /// From `pose`, from right to left, into `ranges`: one for each ray.
  void scan(const Arena& arena, const Pose& pose, std::span<float, kRays> ranges) {
    double angle = pose.heading - kAngleMax;
    for (float& range : ranges) {
      const double seen = arena.range(pose.at, angle, kRangeMax);
      range = static_cast<float>(seen < kRangeMax ? seen + noise_.between(-kNoise, kNoise) : kRangeMax);
      angle += kStep;
    }
  }

 private:
  Random noise_;
};

}  // namespace robot_demo
