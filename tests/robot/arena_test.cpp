/// The arena and what a ray meets in it.
#include "arena.hpp"

#include "scanner.hpp"

#include <numbers>

#include <gtest/gtest.h>

namespace robot_demo {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(Arena, is_the_same_for_the_same_seed_and_another_for_another) {
  const Arena one{3}, again{3}, other{4};
  const auto corner = [](const Arena& arena) { return arena.boxes().at(0).centre.x; };

  EXPECT_EQ(corner(one), corner(again));
  EXPECT_EQ(one.circles().size(), again.circles().size());
  EXPECT_NE(corner(one), corner(other));
}

TEST(Arena, has_obstacles_and_room_around_the_start_whatever_the_seed) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Arena arena{seed};

    EXPECT_GE(arena.circles().size() + arena.boxes().size(), 7u);
    EXPECT_GE(arena.clearance(Arena::kStart.at), 1);
  }
}

TEST(Arena, leaves_a_passage_between_any_two_obstacles) {
  const Arena arena{11};

  for (const Circle& one : arena.circles())
    for (const Circle& other : arena.circles())
      if (&one != &other) {
        EXPECT_GE(distance(one.centre, other.centre) - one.radius - other.radius, Arena::kPassage);
      }
}

/// Along a ray the way to the surface is free, and at its end there is no room left.
TEST(Arena, ends_each_ray_where_the_clearance_ends) {
  const Arena arena{5};
  const Point eye = Arena::kStart.at;

  for (int degree = 0; degree < 360; ++degree) {
    SCOPED_TRACE(degree);
    const double angle = degree * kPi / 180;
    const double range = arena.range(eye, angle, 20);
    for (int percent = 0; percent < 100; ++percent) {
      const double part = range * percent / 100;
      ASSERT_GT(arena.clearance({eye.x + part * std::cos(angle), eye.y + part * std::sin(angle)}), 0);
    }
    EXPECT_NEAR(arena.clearance({eye.x + range * std::cos(angle), eye.y + range * std::sin(angle)}), 0, 1e-9);
  }
}

TEST(Arena, is_four_walls_around_who_looks_along_them) {
  const Arena arena{5};

  EXPECT_DOUBLE_EQ(arena.range({1, 1}, kPi, 20), 1);
  EXPECT_DOUBLE_EQ(arena.range({1, 1}, -kPi / 2, 20), 1);
  EXPECT_EQ(arena.range({1, 1}, kPi, 0.5), 0.5) << "no farther than the laser sees";
}

TEST(Arena, has_no_clearance_inside_of_an_obstacle) {
  const Arena arena{5};
  const Box& partition = arena.boxes().at(0);

  EXPECT_LT(arena.clearance(partition.centre), 0);
  EXPECT_LT(arena.clearance({-1, 4}), 0);
}

TEST(Scanner, says_the_range_of_each_ray_to_the_centimetre_from_right_to_left) {
  const Arena arena{5};
  Scanner scanner{1};
  std::array<float, Scanner::kRays> ranges{};

  scanner.scan(arena, {{1, 1}, kPi / 2}, ranges);

  EXPECT_NEAR(ranges[45], arena.range({1, 1}, 0, 10), 0.0101) << "90 degrees to the right";
  EXPECT_NEAR(ranges[135], arena.range({1, 1}, kPi / 2, 10), 0.0101) << "ahead";
  EXPECT_NEAR(ranges[225], 1, 0.0101) << "90 degrees to the left";
  EXPECT_NE(ranges[225], 1) << "no laser is exact";
}

}  // namespace
}  // namespace robot_demo
