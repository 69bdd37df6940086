/// Weighted and sticky choice among targets.
#include "choice.hpp"

#include <cstdlib>
#include <set>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<std::size_t> drawn(const Choice& choice, std::size_t targets, std::size_t times) {
  std::vector<std::size_t> counts(targets);
  for (std::size_t i = 0; i < times; ++i) ++counts[choice.nth(i)];
  return counts;
}

std::vector<std::size_t> of_keys(const Choice& choice, std::uint64_t keys) {
  std::vector<std::size_t> places;
  for (std::uint64_t key = 0; key < keys; ++key) places.push_back(choice.of_key(key));
  return places;
}

/// Numbers that fall into every bucket, in the order of buckets.
const std::vector<std::uint64_t>& a_key_for_each_bucket() {
  static const std::vector<std::uint64_t> kKeys = [] {
    std::vector<std::uint64_t> keys(Choice::kBuckets);
    std::set<std::size_t> found;
    for (std::uint64_t key = 1; found.size() < Choice::kBuckets; ++key)
      if (found.insert(Choice::bucket_of(key)).second) keys[Choice::bucket_of(key)] = key;
    return keys;
  }();
  return kKeys;
}

std::vector<std::size_t> of_buckets(const Choice& choice) {
  std::vector<std::size_t> places;
  for (const std::uint64_t key : a_key_for_each_bucket()) places.push_back(choice.of_key(key));
  return places;
}

std::size_t moved(const std::vector<std::size_t>& from, const std::vector<std::size_t>& to) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < from.size(); ++i) count += from[i] != to[i] ? 1 : 0;
  return count;
}

TEST(Choice, of_one_target_is_that) {
  const std::vector<Share> one{{7, 1}};
  const auto choice = Choice::of(one, nullptr);

  EXPECT_THAT(drawn(*choice, 1, 1000), ElementsAre(1000u));
  EXPECT_THAT(of_keys(*choice, 1000), Each(0u));
}

TEST(Choice, one_after_the_other_keeps_close_to_the_weights_all_the_way) {
  const std::vector<Share> shares{{1, 80}, {2, 20}};
  const auto choice = Choice::of(shares, nullptr);

  std::int64_t second = 0;
  for (std::int64_t drawn = 1; drawn <= 100'000; ++drawn) {
    second += choice->nth(static_cast<std::uint64_t>(drawn) - 1) == 1 ? 1 : 0;
    ASSERT_LE(std::abs(second * 5 - drawn), 5 * 5) << "after " << drawn << " draws: " << second;
  }
}

TEST(Choice, of_a_weight_of_zero_is_never) {
  const std::vector<Share> shares{{1, 0}, {2, 3}, {3, 0}, {4, 1}, {5, 0}};
  const auto choice = Choice::of(shares, nullptr);

  const auto counts = drawn(*choice, 5, 100'000);
  EXPECT_EQ(counts[0] + counts[2] + counts[4], 0u);
  EXPECT_NEAR(static_cast<double>(counts[1]), 75'000, 10);
  for (const std::size_t place : of_buckets(*choice)) EXPECT_TRUE(place == 1 || place == 3) << place;
}

TEST(Choice, shares_that_do_not_divide_are_off_by_less_than_a_bucket) {
  const std::vector<Share> shares{{1, 1}, {2, 1}, {3, 1}};
  const auto places = of_buckets(*Choice::of(shares, nullptr));

  EXPECT_EQ(std::ranges::count(places, 0u), 3334);
  EXPECT_EQ(std::ranges::count(places, 1u), 3333);
  EXPECT_EQ(std::ranges::count(places, 2u), 3333);
}

TEST(Choice, of_very_large_weights_is_exact) {
  const std::vector<Share> shares{{1, 4'294'967'295}, {2, 4'294'967'295}};
  const auto places = of_buckets(*Choice::of(shares, nullptr));

  EXPECT_EQ(std::ranges::count(places, 0u), 5000);
}

TEST(Choice, of_keys_that_follow_each_other_has_the_weights) {
  const std::vector<Share> shares{{1, 70}, {2, 30}};
  const auto places = of_keys(*Choice::of(shares, nullptr), 100'000);

  EXPECT_NEAR(static_cast<double>(std::ranges::count(places, 1u)), 30'000, 600) << "4 standard deviations";
}

TEST(Choice, of_other_weights_moves_as_many_keys_as_must_move_and_only_to_those_who_gain) {
  const std::vector<Share> before{{1, 80}, {2, 20}}, after{{1, 70}, {2, 30}};
  const auto first = Choice::of(before, nullptr);
  const auto second = Choice::of(after, first.get());

  const auto from = of_buckets(*first), to = of_buckets(*second);
  EXPECT_EQ(moved(from, to), 1000u);
  for (std::size_t i = 0; i < from.size(); ++i) ASSERT_TRUE(from[i] != 1 || to[i] == 1) << i;
}

TEST(Choice, with_a_target_more_takes_its_share_from_all_the_others) {
  const std::vector<Share> before{{1, 1}, {2, 1}}, after{{1, 1}, {2, 1}, {3, 2}};
  const auto first = Choice::of(before, nullptr);
  const auto second = Choice::of(after, first.get());

  const auto from = of_buckets(*first), to = of_buckets(*second);
  EXPECT_EQ(moved(from, to), 5000u);
  EXPECT_EQ(std::ranges::count(to, 0u), 2500);
  EXPECT_EQ(std::ranges::count(to, 1u), 2500);
}

TEST(Choice, without_a_target_gives_its_keys_to_the_others_and_leaves_theirs) {
  const std::vector<Share> before{{1, 1}, {2, 1}, {3, 2}}, after{{1, 1}, {3, 2}};  // the second place is another's now
  const auto first = Choice::of(before, nullptr);
  const auto second = Choice::of(after, first.get());

  const auto from = of_buckets(*first), to = of_buckets(*second);
  for (std::size_t i = 0; i < from.size(); ++i) {
    ASSERT_TRUE(from[i] != 0 || to[i] == 0) << i;
    ASSERT_TRUE(from[i] != 2 || to[i] == 1) << i;
  }
}

TEST(Choice, of_the_same_weights_is_the_same) {
  const std::vector<Share> shares{{1, 5}, {2, 20}, {3, 75}};
  const auto first = Choice::of(shares, nullptr);

  EXPECT_EQ(of_buckets(*Choice::of(shares, first.get())), of_buckets(*first));
}

TEST(Choice, of_growing_weights_moves_each_key_once_at_most) {
  std::vector<Share> shares{{1, 100}, {2, 0}};
  auto choice = Choice::of(shares, nullptr);
  std::vector<std::size_t> moves(Choice::kBuckets);
  auto places = of_buckets(*choice);
  for (const std::uint32_t percent : {5u, 20u, 50u, 100u}) {
    shares = {{1, 100 - percent}, {2, percent}};
    choice = Choice::of(shares, choice.get());
    const auto next = of_buckets(*choice);
    for (std::size_t i = 0; i < next.size(); ++i) moves[i] += places[i] != next[i] ? 1 : 0;
    places = next;
  }

  EXPECT_THAT(moves, Each(1u));
}

TEST(Choice, among_some_targets_is_by_their_weights_among_themselves) {
  const std::vector<Share> shares{{1, 50}, {2, 30}, {3, 10}, {4, 10}};
  const auto choice = Choice::of(shares, nullptr);

  std::vector<std::size_t> counts(4);
  for (std::uint64_t i = 0; i < 10'000; ++i) ++counts[choice->nth(i, 0b1110)];

  EXPECT_EQ(counts[0], 0u);
  EXPECT_NEAR(static_cast<double>(counts[1]), 6'000, 20);
  EXPECT_NEAR(static_cast<double>(counts[2]), 2'000, 20);
  EXPECT_NEAR(static_cast<double>(counts[3]), 2'000, 20);
  EXPECT_DOUBLE_EQ(choice->share_of(1, 0b1110), 0.6);
}

TEST(Choice, among_targets_without_a_weight_is_even) {
  const std::vector<Share> shares{{1, 1}, {2, 0}, {3, 0}};
  const auto choice = Choice::of(shares, nullptr);

  std::vector<std::size_t> counts(3);
  for (std::uint64_t i = 0; i < 10'000; ++i) ++counts[choice->nth(i, 0b110)];

  EXPECT_NEAR(static_cast<double>(counts[1]), 5'000, 20);
  EXPECT_NEAR(static_cast<double>(counts[2]), 5'000, 20);
  EXPECT_DOUBLE_EQ(choice->share_of(2, 0b110), 0.5);
}

TEST(Choice, among_some_targets_leaves_a_key_where_it_is_if_it_may_stay) {
  const std::vector<Share> shares{{1, 40}, {2, 40}, {3, 20}};
  const auto choice = Choice::of(shares, nullptr);

  std::vector<std::size_t> others(3);
  for (std::uint64_t key = 1; key <= 10'000; ++key) {
    const std::size_t place = choice->of_key(key, 0b101);
    if (choice->of_key(key) != 1) EXPECT_EQ(place, choice->of_key(key));
    else ++others[place];
  }
  const double moved = static_cast<double>(others[0] + others[2]);
  EXPECT_EQ(others[1], 0u);
  EXPECT_NEAR(static_cast<double>(others[0]) / moved, 2.0 / 3, 0.05);
}

}  // namespace
}  // namespace shunt::host
