// A test of the plugin: in this process, without host or sandbox.
#include "follower.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gtest/gtest.h>

TEST(Follower, calls_a_tick_above_its_limit_a_reason_to_buy) {
  shunt::test::Runner<Follower> follower({.limit = 100.5});
  ASSERT_TRUE(follower.start());  // init, validate, activate

  const auto signal = follower.call<"judge">([](auto& build) { return ticks::CreateTick(build, 102.5); });

  ASSERT_TRUE(signal) << to_string(signal.error());
  EXPECT_TRUE((*signal)->buy());
}

TEST(Follower, leaves_nothing_behind_whatever_becomes_of_it) {
  const auto drilled = shunt::test::Runner<Follower>::drill();

  EXPECT_TRUE(drilled) << to_string(drilled.error());
}
