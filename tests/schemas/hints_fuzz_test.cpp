/// Hints come from outside, through a gateway: whatever the text, it is refused or can be written and read again.
#include <shunt/schemas/hints.hpp>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

std::string any_of(std::mt19937_64& random, const std::vector<std::string>& pieces) {
  return pieces[std::uniform_int_distribution<std::size_t>{0, pieces.size() - 1}(random)];
}

std::string random_hints(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces{"v2",       "1.4", "^1.5", ">=1.2 <2", "1.x", "region=bj", "canary=1",
                                                "required", "=",   ";",    ";",        ",",   "+",         "feature-x",
                                                " ",        "*",   "||",   "version=", "a",   "\xff",      "\t"};
  std::string text;
  for (auto left = std::uniform_int_distribution<int>{0, 9}(random); left > 0; --left) text += any_of(random, kPieces);
  return text;
}

TEST(HintsFuzz, what_is_accepted_is_written_and_read_again_as_the_same) {
  std::mt19937_64 random{2'026};
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < scaled(1'000'000); ++i) {
    const std::string text = random_hints(random);
    const auto hints = Hints::parse(text);
    if (!hints) {
      ASSERT_EQ(hints.error().code, ErrorCode::BadInput);
      continue;
    }
    ++accepted;
    const auto again = Hints::parse(hints->text());
    ASSERT_TRUE(again) << text << ": " << to_string(again.error());
    ASSERT_EQ(again->text(), hints->text()) << text;
    ASSERT_LE(hints->text().size(), Hints::kBytesMax);
  }
  EXPECT_GT(accepted, scaled(1'000'000) / 100) << "else little is tried";
}

}  // namespace
}  // namespace shunt::test
