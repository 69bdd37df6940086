/// What lets commands through to the wheels.
#include "gate.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace robot_demo {
namespace {

constexpr Twist kAhead{.linear = 0.5};

TEST(Gate, lets_a_command_drive_until_the_next_one) {
  Gate gate;

  EXPECT_TRUE(gate.take(kAhead, 1, 1, 10));
  EXPECT_EQ(gate.in_force(11).linear, 0.5);
  EXPECT_TRUE(gate.take({.linear = 0.25}, 2, 2, 30));
  EXPECT_EQ(gate.in_force(31).linear, 0.25);
}

TEST(Gate, ignores_what_answers_no_newer_scan_than_the_last_command_did) {
  Gate gate;
  ASSERT_TRUE(gate.take(kAhead, 7, 9, 10));

  EXPECT_FALSE(gate.take({}, 7, 9, 11));
  EXPECT_FALSE(gate.take({}, 6, 9, 11));
  EXPECT_FALSE(gate.take({}, 0, 9, 11)) << "none at all";
  EXPECT_TRUE(gate.take({}, 8, 9, 11));
  EXPECT_EQ(gate.ignored(), 3u);
}

TEST(Gate, ignores_what_answers_a_scan_that_is_old_or_that_nobody_took) {
  Gate gate;

  EXPECT_FALSE(gate.take(kAhead, 1, 100, 10));
  EXPECT_FALSE(gate.take(kAhead, 101, 100, 10));
  EXPECT_TRUE(gate.take(kAhead, 99, 100, 10));
}

TEST(Gate, ignores_a_command_that_is_no_number) {
  Gate gate;

  EXPECT_FALSE(gate.take({.linear = std::numeric_limits<double>::quiet_NaN()}, 1, 1, 10));
  EXPECT_FALSE(gate.take({.angular = std::numeric_limits<double>::infinity()}, 1, 1, 10));
  EXPECT_EQ(gate.in_force(11).linear, 0);
}

TEST(Gate, stops_a_robot_whose_last_command_is_too_old) {
  Gate gate;
  ASSERT_TRUE(gate.take(kAhead, 1, 1, 10));

  EXPECT_EQ(gate.in_force(10 + Gate::kHolds).linear, 0.5);
  EXPECT_EQ(gate.in_force(11 + Gate::kHolds).linear, 0);
  EXPECT_TRUE(gate.stops());
  EXPECT_EQ(gate.watchdog_stops(), 1u);
}

TEST(Gate, has_no_watchdog_for_a_robot_that_was_told_to_stand) {
  Gate gate;
  ASSERT_TRUE(gate.take({}, 1, 1, 10));

  EXPECT_EQ(gate.in_force(10'000).linear, 0);
  EXPECT_FALSE(gate.stops());
  EXPECT_EQ(gate.watchdog_stops(), 0u);
}

TEST(Gate, lets_nothing_through_between_a_stop_and_the_standstill) {
  Gate gate;
  ASSERT_TRUE(gate.take(kAhead, 1, 1, 10));

  gate.stop();

  EXPECT_EQ(gate.in_force(11).linear, 0);
  EXPECT_FALSE(gate.take(kAhead, 2, 2, 12));
  EXPECT_EQ(gate.in_force(13).linear, 0);
}

TEST(Gate, lets_answers_to_scans_from_after_the_standstill_through_and_no_earlier_ones) {
  Gate gate;
  gate.stop();

  gate.stands(5);

  EXPECT_FALSE(gate.take(kAhead, 5, 6, 20));
  EXPECT_TRUE(gate.take(kAhead, 6, 6, 20));
  EXPECT_EQ(gate.in_force(21).linear, 0.5);
}

}  // namespace
}  // namespace robot_demo
