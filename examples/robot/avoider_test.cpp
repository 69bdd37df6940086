// A test of the plugin: it drives through arenas in this process, without host, sandbox or clock.
#include "avoider/avoider.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include "program/scan_message.hpp"
#include "program/time.hpp"
#include "program/world.hpp"

#include <shunt/test.hpp>

#include <gtest/gtest.h>

namespace {

using robot_demo::Arena;
using robot_demo::kPeriod;
using robot_demo::kTicksPerScan;
using robot_demo::kTicksPerSecond;

/// A robot whose driver is the plugin.
class Robot {
 public:
  explicit Robot(std::uint64_t seed) : arena_(seed), world_(arena_), scanner_(seed) {}

  /// A command is in force one period after its scan was taken, until the next one is.
  shunt::Status drive(std::uint64_t seconds) {
    SHUNT_CHECK(avoider_.start());
    for (std::uint64_t number = 1; number <= seconds * kTicksPerSecond / kTicksPerScan; ++number) {
      SHUNT_CHECK(avoider_.deliver<"robot.scan">(
          [&](auto& build) { return scan_message(build, number, scanner_, arena_, world_.pose()); }));
      world_.step(in_force_, kPeriod);
      const auto commands = avoider_.published<"robot.velocity">();
      in_force_ = {commands.back()->linear(), commands.back()->angular()};
      avoider_.forget();
      for (robot_demo::Tick tick = 1; tick < kTicksPerScan; ++tick) world_.step(in_force_, kPeriod);
    }
    return {};
  }

  [[nodiscard]] const robot_demo::World& world() const { return world_; }

 private:
  Arena arena_;
  robot_demo::World world_;
  robot_demo::Scanner scanner_;
  robot_demo::Twist in_force_;
  shunt::test::Runner<Avoider> avoider_;
};

TEST(Avoider, sees_most_of_every_arena_and_touches_nothing) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    SCOPED_TRACE(seed);
    Robot robot{seed};

    const auto driven = robot.drive(120);

    ASSERT_TRUE(driven) << to_string(driven.error());
    EXPECT_EQ(robot.world().collisions(), 0u);
    EXPECT_GT(robot.world().nearest(), 0.05);
    EXPECT_GT(robot.world().distance(), 60);
    EXPECT_GT(robot.world().explored(), 0.6);
  }
}

/// A scan of this many rays all around, each as long.
template <typename Builder>
auto round_room(Builder& build, std::size_t rays, float range) {
  const robot::Pose pose{5, 5, 1};
  const std::vector<float> ranges(rays, range);
  return robot::CreateLaserScan(build, 7, &pose, -2, 2, 4 / static_cast<float>(rays - 1), 10,
                                build.CreateVector(ranges));
}

TEST(Avoider, answers_each_scan_with_its_number) {
  shunt::test::Runner<Avoider> avoider;
  ASSERT_TRUE(avoider.start());

  ASSERT_TRUE(avoider.deliver<"robot.scan">([](auto& build) { return round_room(build, 271, 3); }));

  const auto commands = avoider.published<"robot.velocity">();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0]->scan(), 7u);
  EXPECT_GT(commands[0]->linear(), 0.1);
}

TEST(Avoider, does_not_drive_where_there_is_no_room) {
  shunt::test::Runner<Avoider> avoider;
  ASSERT_TRUE(avoider.start());

  ASSERT_TRUE(avoider.deliver<"robot.scan">([](auto& build) { return round_room(build, 271, 0.2F); }));

  EXPECT_EQ(avoider.published<"robot.velocity">().at(0)->linear(), 0);
}

TEST(Avoider, keeps_to_the_speed_that_it_is_configured_with) {
  shunt::test::Runner<Avoider> avoider({.speed = 0.25});
  ASSERT_TRUE(avoider.start());

  ASSERT_TRUE(avoider.deliver<"robot.scan">([](auto& build) { return round_room(build, 271, 9); }));

  EXPECT_EQ(avoider.published<"robot.velocity">().at(0)->linear(), 0.25);
}

TEST(Avoider, leaves_a_stop_to_be_sent_when_it_vanishes) {
  shunt::test::Runner<Avoider> avoider;
  ASSERT_TRUE(avoider.start());

  const auto will = avoider.last_will<"robot.velocity">();

  ASSERT_TRUE(will);
  EXPECT_EQ((*will)->linear(), 0);
  EXPECT_EQ((*will)->angular(), 0);
}

TEST(Avoider, says_what_a_scan_lacks) {
  shunt::test::Runner<Avoider> avoider;
  ASSERT_TRUE(avoider.start());

  const auto taken = avoider.deliver<"robot.scan">([](auto& build) { return robot::CreateLaserScan(build, 3); });

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, shunt::ErrorCode::BadInput);
  EXPECT_TRUE(avoider.published<"robot.velocity">().empty());
}

TEST(Avoider, leaves_nothing_behind_whatever_becomes_of_it) {
  const auto drilled = shunt::test::Runner<Avoider>::drill();

  EXPECT_TRUE(drilled) << to_string(drilled.error());
}

}  // namespace
