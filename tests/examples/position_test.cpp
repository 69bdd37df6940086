/// The example whose versions hand a position on, as it is built from examples/position.

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <run_command.hpp>
#include <scale.hpp>

namespace {

using shunt::test::Ran;
using shunt::test::run_command;
using shunt::test::scaled;
using ::testing::HasSubstr;

TEST(PositionExample, its_position_is_the_sum_of_all_orders_however_often_it_was_handed_over_or_not) {
  const std::size_t hand_overs = scaled(1000);

  const Ran ran = run_command(fmt::format("{} --json --hand-overs {} 2>&1", POSITION_DEMO, hand_overs));

  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("\"good\": true"));
  EXPECT_THAT(ran.output, HasSubstr(fmt::format("\"undone\": {},", hand_overs / 10)));
}

TEST(PositionExample, says_what_it_does_not_know) {
  const Ran ran = run_command(POSITION_DEMO " --hand-overs 0 2>&1");

  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.output, HasSubstr("position-demo --help"));
}

}  // namespace
