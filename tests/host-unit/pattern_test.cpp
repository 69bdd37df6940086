/// The dialect of `pattern`: what it takes, and that no pattern takes much time or stack.

#include <shunt/schemas/pattern.hpp>

#include <string>

#include <gtest/gtest.h>

namespace shunt {
namespace {

TEST(Pattern, matches_the_whole_text_only) {
  EXPECT_EQ(matches_pattern("fast", "fast|exact"), true);
  EXPECT_EQ(matches_pattern("faster", "fast|exact"), false);
  EXPECT_EQ(matches_pattern("", "(a?){100}"), true);
  EXPECT_EQ(matches_pattern("[a]{3}", R"(\[[a-c\]]+\{\d\})"), true);
}

TEST(Pattern, that_would_take_exponential_time_takes_none) {
  EXPECT_EQ(matches_pattern(std::string(4096, 'a'), "(a+)+b|a*c"), false);
  EXPECT_EQ(matches_pattern(std::string(4095, 'a').append("!"), "(a|a)*$"), false);
  EXPECT_EQ(matches_pattern(std::string(4096, 'a'), ".*"), true);
}

TEST(Pattern, with_repetitions_that_are_too_many_is_refused) {
  for (const char* pattern : {"(((a?)?)?){3000}", "((((a?){90}){90}){9})", "a{99999999999999999999999}", "a{1,5000}",
                              "[ab]{2001}", R"(\d{2001})", "(a{100}){100}"}) {
    const auto refused = matches_pattern("a", pattern);

    ASSERT_FALSE(refused) << pattern;
    EXPECT_EQ(refused.error().code, ErrorCode::BadInput);
    EXPECT_NE(refused.error().message.find("more than 2000 characters"), std::string::npos) << refused.error().message;
  }
  EXPECT_EQ(matches_pattern(std::string(1000, 'a'), "a{1000}"), true);
}

TEST(Pattern, that_is_no_expression_is_refused_with_the_reason) {
  for (const char* pattern : {"(", ")", "[", "a{2", "*", R"(\)", R"((x)\1)", "a{3,2}"})
    EXPECT_EQ(matches_pattern("a", pattern).error().code, ErrorCode::BadInput) << pattern;
  EXPECT_EQ(matches_pattern("a", std::string(257, 'a')).error().message, "is above 256 bytes");
}

}  // namespace
}  // namespace shunt
