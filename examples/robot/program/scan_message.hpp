#pragma once
/// A scan as it travels: the rays are written where the driver reads them.
///
///     publisher.publish([&](auto& build) { return scan_message(build, number, scanner, arena, pose); });

#include "robot_generated.h"
#include "scanner.hpp"

#include <cstdint>
#include <span>

namespace robot_demo {

template <typename Builder>
flatbuffers::Offset<robot::LaserScan> scan_message(Builder& build, std::uint64_t number, Scanner& scanner,
                                                   const Arena& arena, const Pose& pose) {
  constexpr auto kAngleMax = static_cast<float>(Scanner::kAngleMax);
  float* ranges = nullptr;
  const auto vector = build.template CreateUninitializedVector<float>(Scanner::kRays, &ranges);
  scanner.scan(arena, pose, std::span<float, Scanner::kRays>{ranges, Scanner::kRays});
  const robot::Pose odometry{pose.at.x, pose.at.y, pose.heading};
  return robot::CreateLaserScan(build, number, &odometry, -kAngleMax, kAngleMax, static_cast<float>(Scanner::kStep),
                                static_cast<float>(Scanner::kRangeMax), vector);
}

}  // namespace robot_demo
