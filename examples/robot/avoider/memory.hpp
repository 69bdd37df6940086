#pragma once
/// Where the robot has been, and how long ago. It lives in the plugin's process, and goes with it.

#include "robot_generated.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

class Memory {
 public:
  void visit(const robot::Pose& pose) { last_[place(pose.x(), pose.y())] = ++now_; }

  /// 1 where the robot is, less the longer ago it was there, and 0 where it was never.
  [[nodiscard]] double familiarity(double x, double y) const {
    const std::uint32_t last = last_[place(x, y)];
    return last == 0 ? 0 : std::exp(-static_cast<double>(now_ - last) / kFades);
  }

 private:
  static constexpr double kSquare = 0.5;  ///< Metres.
  static constexpr std::size_t kSide = 64;
  static constexpr double kFades = 4000;  ///< Scans until a place is a third as familiar.

  /// The map is a torus: 32 m on, it repeats itself.
  static std::size_t place(double x, double y) {
    const auto wrap = [](double at) { return static_cast<std::size_t>(std::llround(at / kSquare)) % kSide; };
    return wrap(y) * kSide + wrap(x);
  }

  std::array<std::uint32_t, kSide * kSide> last_{};  // number of the visit; 0: never
  std::uint32_t now_ = 0;
};
