/// The robot among things that it can run into.
#include "world.hpp"

#include <gtest/gtest.h>

namespace robot_demo {
namespace {

void drive(World& world, const Twist& wanted, int milliseconds) {
  for (int i = 0; i < milliseconds; ++i) world.step(wanted, 0.001);
}

/// From the start to a wall it is a metre and a bit, in some direction.
TEST(World, counts_what_the_robot_runs_into_once_however_long_it_pushes) {
  const Arena arena{5};
  World world{arena};

  drive(world, {.linear = 0.8}, 60'000);

  EXPECT_EQ(world.collisions(), 1u);
  EXPECT_EQ(world.nearest(), 0);
  EXPECT_GT(arena.clearance(world.pose().at), World::kRadius) << "it stands before what it ran into";
}

TEST(World, lets_a_robot_that_stands_stand) {
  const Arena arena{5};
  World world{arena};

  drive(world, {}, 100);

  EXPECT_TRUE(world.stands());
  EXPECT_EQ(world.collisions(), 0u);
  EXPECT_EQ(world.distance(), 0);
  EXPECT_NEAR(world.nearest(), 1 - World::kRadius, 1e-9);
}

TEST(World, counts_the_squares_that_the_robot_was_in) {
  const Arena arena{5};
  World world{arena};

  drive(world, {}, 1);
  const double one_square = world.explored();
  drive(world, {.linear = 0.8}, 3000);

  EXPECT_GT(one_square, 0.005);
  EXPECT_LT(one_square, 0.02);
  EXPECT_GT(world.explored(), one_square);
}

}  // namespace
}  // namespace robot_demo
