/// What the program does not take, and what it cannot have.
#include "robot_program.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Refusal : public RobotTest {
 protected:
  void expect(int exit_code, const std::string& arguments, const testing::Matcher<std::string>& sentence) const {
    const Ran ran = run(arguments);

    EXPECT_EQ(ran.exit_code, exit_code) << arguments;
    EXPECT_THAT(ran.output, AllOf(StartsWith("robot: "), sentence)) << arguments;
  }
};

TEST_F(Refusal, of_a_time_that_cannot_be_is_misuse) {
  for (const char* seconds : {"0", "-1", "3601", "long"})
    expect(2, std::string("--seconds ") + seconds, HasSubstr("--seconds"));
  for (const char* at : {"0", "-1", "60", "61", "nan", "late"})
    expect(2, std::string("--seconds 60 --kill-at ") + at, HasSubstr("--kill-at"));
}

TEST_F(Refusal, of_an_unknown_option_is_misuse) {
  expect(2, "--second 1", HasSubstr("--second"));
  expect(2, "sideways", HasSubstr("sideways"));
  expect(2, "--seed many", HasSubstr("--seed"));
}

TEST_F(Refusal, of_a_configuration_that_is_not_there_or_not_right_names_it) {
  expect(1, "--config none.toml", HasSubstr("none.toml"));
  expect(1, "--config " + configuration("backlog = 1\n", "backlock = 1\n"), HasSubstr("backlock"));
}

TEST_F(Refusal, of_a_plugin_that_the_build_did_not_list_names_it) {
  const auto unlisted = folder_.write("none.sha256", "");

  expect(1, "--config " + configuration(PLUGINS "/plugins.sha256", unlisted.string()),
         AllOf(HasSubstr("NotTrusted"), HasSubstr("libavoider.so")));
}

TEST_F(Refusal, of_a_host_without_its_driver_says_what_is_missing) {
  const auto empty = folder_.write("empty.toml", "[host]\nname = \"empty\"\n");

  expect(1, "--config " + empty.string(), HasSubstr("robot.velocity"));
}

TEST_F(Refusal, is_not_what_help_gets) {
  const Ran ran = run("--help");

  EXPECT_EQ(ran.exit_code, 0);
  for (const char* option : {"--seconds", "--seed", "--kill-at", "--lockstep", "--realtime", "--svg", "--json"})
    EXPECT_THAT(ran.output, HasSubstr(option));
}

}  // namespace
}  // namespace shunt::test
