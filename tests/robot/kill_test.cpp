/// The driver is killed in mid-run: its last will stops the robot, and the next instance drives on.
#include "robot_program.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

class Kill : public RobotTest {
 protected:
  /// The stop came, then the robot stood, then a command of the next instance drove it.
  static void expect_order(const Json& ran, double at) {
    ASSERT_TRUE(ran.contains("kill")) << ran;
    const Json& kill = ran["kill"];
    EXPECT_EQ(kill["at"], at);
    ASSERT_TRUE(kill.contains("stop") && kill.contains("stood") && kill.contains("went_on")) << kill;
    EXPECT_GE(kill["stop"], kill["at"]);
    EXPECT_GE(kill["stood"], kill["stop"]);
    EXPECT_GE(kill["went_on"], kill["stood"]);
    EXPECT_EQ(ran["last_wills"], 1);
    EXPECT_EQ(ran["collisions"], 0);
  }
};

/// How soon the stop came is the machine's: the figure is in the report.
TEST_F(Kill, by_the_clock_brings_the_stop_before_any_command_of_the_next_instance_which_drives_on) {
  const Json ran = good("--seconds 15 --kill-at 2.5");

  expect_order(ran, 2.5);
  EXPECT_GE(ran["kill"]["stop_periods"], 1) << "a loop hears nothing before its next period";
  EXPECT_GT(ran["kill"]["stop_ns"], 0);
}

TEST_F(Kill, of_a_driver_that_may_not_crash_even_once_ends_with_nobody_who_drives) {
  const auto strict = configuration("libavoider.so\"\n", "libavoider.so\"\nrestart = { crashes = 1 }\n");

  const Json ran = report("--seconds 2 --kill-at 1 --config " + strict, 1);

  EXPECT_EQ(ran["given_up"], "avoider has crashed too often");
}

TEST_F(Kill, in_lockstep_comes_out_the_same_again_with_the_death_in_it) {
  const std::string arguments = "--lockstep --seconds 30 --kill-at 10 --seed 3 --svg ";
  const auto first = folder_.path() / "first.svg", second = folder_.path() / "second.svg";

  const Json ran = good(arguments + first.string());
  const Json again = good(arguments + second.string());

  expect_order(ran, 10);
  EXPECT_EQ(ran["kill"]["stood"], again["kill"]["stood"]);
  EXPECT_EQ(ran["end"], again["end"]);
  EXPECT_EQ(ran["distance"], again["distance"]);
  EXPECT_GT(ran["distance"], 15);
  EXPECT_EQ(text_of(first), text_of(second));
}

/// The next instance knows nothing of where the first one was: it takes another way.
TEST_F(Kill, in_lockstep_takes_the_memory_of_the_driver_with_it) {
  const Json killed = good("--lockstep --seconds 60 --kill-at 30");
  const Json spared = good("--lockstep --seconds 60");

  EXPECT_NE(killed["end"], spared["end"]);
}

/// 0.4 s of braking from 0.8 m/s, whatever the processes do meanwhile.
TEST_F(Kill, in_lockstep_leaves_the_robot_to_its_brakes_and_to_nothing_else) {
  const Json ran = good("--lockstep --seconds 10 --kill-at 5 --seed 1");

  expect_order(ran, 5);
  EXPECT_GT(ran["kill"]["stood"], ran["kill"]["stop"]) << "it stood already";
  EXPECT_LE(ran["kill"]["stood"].get<double>() - ran["kill"]["stop"].get<double>(), 0.5);
}

TEST_F(Kill, is_told_to_people_with_what_followed) {
  const Ran ran = run("--lockstep --seconds 5 --kill-at 2");

  EXPECT_EQ(ran.exit_code, 0);
  for (const char* part : {"killed at 2.000 s", "its last will, the stop, came", "stood after", "drove on"})
    EXPECT_THAT(ran.output, HasSubstr(part));
}

/// The kill comes with the last period: nothing can follow any more.
TEST_F(Kill, that_nothing_follows_is_said_and_fails) {
  const Ran ran = run("--seconds 1 --kill-at 0.9995");

  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, HasSubstr("did NOT"));
}

}  // namespace
}  // namespace shunt::test
