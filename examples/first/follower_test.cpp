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

TEST(Follower, publishes_a_signal_for_every_tick) {
  shunt::test::Runner<Follower> follower;
  ASSERT_TRUE(follower.start());

  for (const double price : {99.25, 101.75})
    ASSERT_TRUE(follower.deliver<"ticks">([&](auto& build) { return ticks::CreateTick(build, price); }));

  const auto signals = follower.published<"signals">();
  ASSERT_EQ(signals.size(), 2u);
  EXPECT_FALSE(signals[0]->buy());
  EXPECT_TRUE(signals[1]->buy());
}

TEST(Follower, leaves_nothing_behind_whatever_becomes_of_it) {
  const auto drilled = shunt::test::Runner<Follower>::drill();

  EXPECT_TRUE(drilled) << to_string(drilled.error());
}
