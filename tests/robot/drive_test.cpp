/// The wheels.
#include "drive.hpp"

#include <numbers>

#include <gtest/gtest.h>

namespace robot_demo {
namespace {

void step(Drive& drive, const Twist& wanted, int milliseconds) {
  for (int i = 0; i < milliseconds; ++i) drive.step(wanted, 0.001);
}

TEST(Drive, speeds_up_and_brakes_only_as_hard_as_its_motors_do) {
  Drive drive{Pose{}};

  step(drive, {.linear = 0.8}, 400);
  const double after_speeding_up = drive.distance();
  step(drive, {}, 399);
  const bool too_early = drive.stands();
  step(drive, {}, 1);

  EXPECT_NEAR(after_speeding_up, 0.16, 0.001) << "v * v / 2a";
  EXPECT_FALSE(too_early);
  EXPECT_TRUE(drive.stands());
  EXPECT_NEAR(drive.distance(), 0.32, 0.001);
}

TEST(Drive, comes_back_to_where_it_was_on_a_full_circle) {
  Drive drive{Pose{{2, 3}, 0}};

  step(drive, {.linear = 0.5, .angular = 1}, 1000);  // well after it has sped up
  const Pose begin = drive.pose();
  step(drive, {.linear = 0.5, .angular = 1}, 6283);

  EXPECT_NEAR(drive.pose().at.x, begin.at.x, 0.001);
  EXPECT_NEAR(drive.pose().at.y, begin.at.y, 0.001);
  EXPECT_NEAR(drive.pose().heading, begin.heading, 0.001);
}

TEST(Drive, turns_where_it_stands) {
  Drive drive{Pose{{2, 3}, 0}};

  step(drive, {.angular = 1}, 1000);

  EXPECT_NEAR(drive.pose().at.x, 2, 1e-9);
  EXPECT_GT(drive.pose().heading, 0.8);
}

TEST(Drive, slows_what_is_too_fast_down_and_keeps_to_the_arc) {
  Drive drive{Pose{}};

  step(drive, {.linear = 50, .angular = 50}, 2000);
  const Pose before = drive.pose();
  step(drive, {.linear = 50, .angular = 50}, 1);

  const double driven = distance(before.at, drive.pose().at);
  EXPECT_NEAR(driven / std::remainder(drive.pose().heading - before.heading, 2 * std::numbers::pi), 1, 0.01)
      << "metres for each radian";
  EXPECT_LT(driven, 0.001 * Drive::kSpeedMax);
}

}  // namespace
}  // namespace robot_demo
