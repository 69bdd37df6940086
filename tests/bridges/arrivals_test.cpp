/// What is missing of numbered messages, and what came before.

#include <shunt/bridges/arrivals.hpp>

#include <gtest/gtest.h>

namespace shunt::bridges {
namespace {

const Sender kOne{{1}, 1};
const Sender kOther{{1}, 2};

TEST(ArrivalsTest, what_is_missing_between_the_first_and_the_last_is_lost) {
  Arrivals arrivals;

  for (const std::uint64_t number : {5u, 6u, 9u}) EXPECT_TRUE(arrivals.see(kOne, number));
  EXPECT_TRUE(arrivals.see(kOther, 100));

  EXPECT_EQ(arrivals.lost(), 2u);
}

TEST(ArrivalsTest, what_comes_late_is_not_lost) {
  Arrivals arrivals;
  for (const std::uint64_t number : {5u, 9u, 7u, 3u}) EXPECT_TRUE(arrivals.see(kOne, number));

  EXPECT_EQ(arrivals.lost(), 3u);  // 4, 6, 8
}

TEST(ArrivalsTest, what_came_before_is_known_within_the_window_and_new_behind_it) {
  Arrivals arrivals;
  static_cast<void>(arrivals.see(kOne, 0));
  static_cast<void>(arrivals.see(kOne, 1));

  EXPECT_FALSE(arrivals.see(kOne, 1));
  EXPECT_FALSE(arrivals.see(kOne, 0));
  EXPECT_TRUE(arrivals.see(kOther, 1)) << "of another start";
  static_cast<void>(arrivals.see(kOne, Arrivals::kWindow - 1));
  EXPECT_FALSE(arrivals.see(kOne, 0));
  static_cast<void>(arrivals.see(kOne, 5 * Arrivals::kWindow));
  EXPECT_TRUE(arrivals.see(kOne, 0));
}

TEST(ArrivalsTest, the_sender_that_was_silent_longest_is_forgotten_and_what_it_lost_is_not) {
  Arrivals arrivals;
  static_cast<void>(arrivals.see(kOne, 0));
  static_cast<void>(arrivals.see(kOne, 3));

  for (std::uint64_t start = 10; start < 10'000; ++start) static_cast<void>(arrivals.see({{2}, start}, 0));

  EXPECT_EQ(arrivals.lost(), 2u);
  EXPECT_TRUE(arrivals.see(kOne, 3)) << "it is new to us";
}

}  // namespace
}  // namespace shunt::bridges
