#include <shunt/schemas/version.hpp>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
}

std::string random_bytes(Random& random) {
  std::string text(below(random, 64), '\0');
  for (char& byte : text) byte = static_cast<char>(below(random, 256));
  return text;
}

/// Texts that come close to a version: pieces of its grammar in any order.
std::string random_pieces(Random& random) {
  static const std::vector<std::string> kPieces{"0",    "1",     "10", "01", "4294967295", "4294967296", ".",
                                                ".",    ".",     "-",  "+",  "alpha",      "rc.1",       "8a3f1c2e",
                                                "abi-", "abi-v", "v3", "g",  "A",          " ",          "1.4.0"};
  std::string text;
  for (std::size_t piece = below(random, 12); piece > 0; --piece) text += kPieces[below(random, kPieces.size())];
  return text;
}

/// A version with a few bytes changed, dropped or doubled.
std::string random_damage(Random& random) {
  std::string text = "1.4.0-beta.2+8a3f1c2e+abi-v3";
  for (std::size_t changes = 1 + below(random, 3); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = below(random, text.size());
    switch (below(random, 3)) {
      case 0: text[at] = static_cast<char>(below(random, 256)); break;
      case 1: text.erase(at, 1); break;
      default: text.insert(at, 1, text[at]);
    }
  }
  return text;
}

template <typename Make>
std::size_t accepted(std::size_t count, Make make) {
  Random random{20'000'103};
  std::size_t versions = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = make(random);
    const auto parsed = Version::parse(text);
    if (parsed) {
      ++versions;
      EXPECT_EQ(to_string(*parsed), text);
    } else {
      EXPECT_EQ(parsed.error().code, ErrorCode::BadInput);
    }
  }
  return versions;
}

TEST(VersionFuzz, random_bytes_are_refused_and_never_crash) {
  EXPECT_EQ(accepted(test::scaled(1'000'000), random_bytes), 0u);
}

TEST(VersionFuzz, whatever_is_accepted_prints_as_it_was_written) {
  const std::size_t from_pieces = accepted(test::scaled(1'000'000), random_pieces);
  const std::size_t from_damage = accepted(test::scaled(1'000'000), random_damage);

  EXPECT_GT(from_pieces, 0u);
  EXPECT_GT(from_damage, 0u);
}

TEST(VersionFuzz, the_order_of_any_three_versions_is_one_line) {
  Random random{1};
  std::vector<Version> versions;
  while (versions.size() < 60) {
    if (auto parsed = Version::parse(below(random, 2) == 0 ? random_pieces(random) : random_damage(random)))
      versions.push_back(std::move(*parsed));
  }

  for (const Version& a : versions) {
    for (const Version& b : versions) {
      EXPECT_EQ(a <=> b, 0 <=> (b <=> a));
      EXPECT_EQ((a <=> b) == 0, a == b);
      for (const Version& c : versions) {
        if (a <= b && b <= c && !(a <= c)) FAIL() << to_string(a) << ", " << to_string(b) << ", " << to_string(c);
      }
    }
  }
}

}  // namespace
}  // namespace shunt
