#include "key_index.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

TEST(KeyIndex, finds_what_a_map_finds_while_keys_come_and_go) {
  constexpr std::size_t kPlaces = 100;
  KeyIndex index{kPlaces};
  std::map<std::uint64_t, std::uint32_t> expected;
  std::mt19937_64 random{20261126};

  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t key = random() % 300 * 0x1'0000'0000u;  // the same low bits, as a plugin may choose
    if (expected.contains(key)) {
      ASSERT_EQ(index.find(key), expected.at(key));
      index.erase(key);
      expected.erase(key);
    } else if (expected.size() < kPlaces) {
      const auto place = static_cast<std::uint32_t>(random() % kPlaces);
      index.put(key, place);
      expected.emplace(key, place);
    }
    ASSERT_EQ(index.find(key).has_value(), expected.contains(key));
  }

  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto known = expected.find(i * 0x1'0000'0000u);
    EXPECT_EQ(index.find(i * 0x1'0000'0000u), known == expected.end() ? std::nullopt : std::optional{known->second});
  }
}

TEST(KeyIndex, holds_as_many_keys_as_it_has_places_and_each_can_go_again) {
  KeyIndex index{3};
  for (const std::uint64_t key : {0u, 1u, 2u}) index.put(key, key + 10);

  EXPECT_EQ(index.find(0), 10u);
  EXPECT_EQ(index.find(2), 12u);
  EXPECT_EQ(index.find(3), std::nullopt);
  for (const std::uint64_t key : {1u, 0u, 2u}) index.erase(key);
  for (const std::uint64_t key : {0u, 1u, 2u}) EXPECT_EQ(index.find(key), std::nullopt);
}

}  // namespace
}  // namespace shunt::host
