/// The README's host and plugin, as they are built from examples/first.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <run_command.hpp>

namespace {

using shunt::test::Ran;
using shunt::test::run_command;

TEST(FirstExample, it_publishes_hears_and_calls) {
  const Ran ran = run_command(FIRST_HOST " " FIRST_TOML " 2>&1");

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output, "99.25: wait\n101.75: buy\n102.50: buy, it says\n");
}

TEST(FirstExample, without_its_file_it_says_so_and_fails) {
  const Ran ran = run_command(FIRST_HOST " no-such.toml 2>&1");

  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, testing::HasSubstr("no-such.toml"));
}

}  // namespace
