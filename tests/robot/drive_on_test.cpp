/// Runs in which nobody dies: the plugin, in its own process, drives, and nothing is touched.
#include "robot_program.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

class Run : public RobotTest {};

TEST_F(Run, in_lockstep_answers_every_scan_and_touches_nothing_whatever_the_seed) {
  for (const int seed : {1, 2, 3, 4, 5}) {
    SCOPED_TRACE(seed);

    const Json ran = good(fmt::format("--lockstep --seconds 60 --seed {}", seed));

    EXPECT_EQ(ran["collisions"], 0);
    EXPECT_GT(ran["nearest"], 0.05);
    EXPECT_GT(ran["distance"], 30);
    EXPECT_GT(ran["explored"], 0.3);
    EXPECT_EQ(ran["scans"], 60 * 50);
    EXPECT_EQ(ran["commands"], 60 * 50);
    EXPECT_EQ(ran["ignored"], 0);
    EXPECT_EQ(ran["unsent"], 0);
    EXPECT_EQ(ran["watchdog_stops"], 0);
  }
}

TEST_F(Run, in_lockstep_is_the_same_again_and_another_with_another_seed) {
  const auto end = [&](int seed) { return good(fmt::format("--lockstep --seconds 20 --seed {}", seed))["end"].dump(); };

  const std::string once = end(1);

  EXPECT_EQ(end(1), once);
  EXPECT_NE(end(2), once);
}

/// On a machine with other work commands come late, and the watchdog may stop the robot: it touches nothing then
/// either.
TEST_F(Run, by_the_clock_touches_nothing_and_times_every_period) {
  const Json ran = good("--seconds 5");

  EXPECT_EQ(ran["collisions"], 0);
  EXPECT_EQ(ran["periods"], 5000);
  EXPECT_EQ(ran["scans"], 250);
  EXPECT_GT(ran["commands"], 0);
  EXPECT_GT(ran["distance"], 0);
  for (const char* figure : {"late_ns", "answered_ns"}) {
    SCOPED_TRACE(figure);
    EXPECT_GT(ran[figure]["p50"], 0);
    EXPECT_GE(ran[figure]["p99"], ran[figure]["p50"]);
    EXPECT_GE(ran[figure]["max"], ran[figure]["p99"]);
  }
  EXPECT_EQ(ran["last_wills"], 0);
  EXPECT_FALSE(ran.contains("kill"));
}

TEST_F(Run, in_lockstep_times_no_period) {
  const Json ran = good("--lockstep --seconds 1");

  EXPECT_FALSE(ran.contains("late_ns"));
  EXPECT_FALSE(ran.contains("overrun"));
}

TEST_F(Run, is_told_to_people_without_json) {
  const Ran by_the_clock = run("--seconds 1");
  const Ran in_lockstep = run("--seconds 1 --lockstep");

  EXPECT_EQ(by_the_clock.exit_code, 0);
  for (const char* part : {"0 collisions", "50 scans", "1000 periods of 1 ms: woke up late by p50 ", "p99", "max"})
    EXPECT_THAT(by_the_clock.output, HasSubstr(part));
  EXPECT_EQ(in_lockstep.exit_code, 0);
  EXPECT_THAT(in_lockstep.output, HasSubstr("no period was timed"));
}

/// A plugin that takes itself for narrower than the robot is, and its brakes for better, runs into things: the
/// collisions that other tests do not find are looked for.
TEST_F(Run, with_a_driver_that_misjudges_the_robot_counts_collisions_and_fails) {
  const auto other = configuration("libavoider.so\"\n",
                                   "libavoider.so\"\nconfig = { half_width = 0.05, braking = 10.0, speed = 1.0 }\n");

  const Json ran = report("--lockstep --seconds 120 --config " + other, 1);

  EXPECT_GT(ran["collisions"], 0);
  EXPECT_EQ(ran["nearest"], 0);
}

/// It runs before everything that is not real-time, or says what it takes; whoever may do neither cannot have it half.
TEST_F(Run, in_real_time_drives_or_says_what_it_takes) {
  const Ran ran = run("--seconds 1 --realtime");

  if (ran.exit_code == 0) EXPECT_THAT(ran.output, HasSubstr("0 collisions"));
  else EXPECT_THAT(ran.output, HasSubstr("takes root"));
}

}  // namespace
}  // namespace shunt::test
