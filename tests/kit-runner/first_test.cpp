// The README's plugin, tested as its author would.
#include "follower.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gtest/gtest.h>

namespace {

using shunt::ErrorCode;
using shunt::test::Runner;
using shunt::test::Settings;

auto tick(double price) {
  return [price](auto& build) { return ticks::CreateTick(build, price); };
}

TEST(Follower, judges_a_price_by_the_limit_it_was_given) {
  Runner<Follower> follower({.limit = 100.5});
  ASSERT_TRUE(follower.start());

  const auto above = follower.call<"judge">(tick(102.5));
  const auto below = follower.call<"follower/judge">(tick(100.25));

  ASSERT_TRUE(above) << to_string(above.error());
  EXPECT_TRUE((*above)->buy());
  EXPECT_EQ((*above)->price(), 102.5);
  ASSERT_TRUE(below) << to_string(below.error());
  EXPECT_FALSE((*below)->buy());
}

TEST(Follower, has_the_limit_of_its_manifest_when_nobody_gives_one) {
  Runner<Follower> follower;
  ASSERT_TRUE(follower.start());

  EXPECT_FALSE((*follower.call<"judge">(tick(100)))->buy());
  EXPECT_TRUE((*follower.call<"judge">(tick(100.01)))->buy());
}

TEST(Follower, publishes_a_signal_for_every_tick_in_their_order) {
  Runner<Follower> follower(Settings{{"limit", 100.5}});
  ASSERT_TRUE(follower.start());

  for (const double price : {99.25, 101.75}) ASSERT_TRUE(follower.deliver<"ticks">(tick(price)));

  const auto signals = follower.published<"signals">();
  ASSERT_EQ(signals.size(), 2u);
  EXPECT_EQ(signals[0]->price(), 99.25);
  EXPECT_FALSE(signals[0]->buy());
  EXPECT_EQ(signals[1]->price(), 101.75);
  EXPECT_TRUE(signals[1]->buy());
}

TEST(Follower, takes_a_whole_number_for_its_limit_as_host_toml_does) {
  Runner<Follower> follower(Settings{{"limit", 200}});

  ASSERT_TRUE(follower.start());
  EXPECT_FALSE((*follower.call<"judge">(tick(150)))->buy());
}

TEST(Follower, is_not_made_for_a_configuration_that_a_host_refuses) {
  const auto refusal = [](const Settings& settings) {
    Runner<Follower> follower(settings);
    const auto status = follower.init();
    return status ? "accepted" : to_string(status.error());
  };

  EXPECT_EQ(refusal({{"limit", "high"}}),
            "BadConfiguration: config.limit of plugin follower is a string; a float is meant");
  EXPECT_EQ(refusal({{"limit", -1.5}}),
            "BadConfiguration: config.limit of plugin follower is \"-1.5\"; a float of at least 0 is meant");
  EXPECT_EQ(refusal({{"limits", 1.0}}),
            "BadConfiguration: plugin follower has no config key \"limits\"; did you mean \"limit\"?");
  EXPECT_EQ(Runner<Follower>({.limit = -1}).init().error().code, ErrorCode::BadConfiguration);
}

TEST(Follower, passes_the_lifecycle_drill) {
  const auto drilled = Runner<Follower>::drill({.limit = 100.5});

  EXPECT_TRUE(drilled) << to_string(drilled.error());
}

}  // namespace
