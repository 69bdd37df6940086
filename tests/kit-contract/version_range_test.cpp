#include <shunt/schemas/version_range.hpp>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

bool contains(std::string_view range, std::string_view version) {
  return VersionRange::parse(range).value().contains(Version::parse(version).value());
}

TEST(VersionRange, a_caret_keeps_the_left_most_number_that_is_not_zero) {
  EXPECT_TRUE(contains("^1.2", "1.2.0"));
  EXPECT_TRUE(contains("^1.2", "1.99.5"));
  EXPECT_FALSE(contains("^1.2", "1.1.9"));
  EXPECT_FALSE(contains("^1.2", "2.0.0"));
  EXPECT_TRUE(contains("^0.2.3", "0.2.9"));
  EXPECT_FALSE(contains("^0.2.3", "0.3.0"));
  EXPECT_TRUE(contains("^0.0.3", "0.0.3"));
  EXPECT_FALSE(contains("^0.0.3", "0.0.4"));
  EXPECT_TRUE(contains("^0", "0.9.0"));
}

TEST(VersionRange, a_tilde_keeps_the_minor_number) {
  EXPECT_TRUE(contains("~1.4.1", "1.4.9"));
  EXPECT_FALSE(contains("~1.4.1", "1.4.0"));
  EXPECT_FALSE(contains("~1.4.1", "1.5.0"));
  EXPECT_TRUE(contains("~1", "1.9.0"));
}

TEST(VersionRange, numbers_that_are_left_out_mean_any) {
  EXPECT_TRUE(contains("1.2", "1.2.7"));
  EXPECT_FALSE(contains("1.2", "1.3.0"));
  EXPECT_TRUE(contains("1.2.3", "1.2.3"));
  EXPECT_FALSE(contains("1.2.3", "1.2.4"));
  EXPECT_TRUE(contains("*", "7.0.1"));
  EXPECT_TRUE(contains("1.x", "1.9.0"));
  EXPECT_FALSE(contains("1.x.x", "2.0.0"));
  EXPECT_TRUE(contains("1.2.*", "1.2.7"));
  EXPECT_FALSE(VersionRange::parse("x.1"));
}

TEST(VersionRange, comparators_all_hold_and_alternatives_either) {
  EXPECT_TRUE(contains(">=1.2.0 <2.0.0", "1.9.9"));
  EXPECT_FALSE(contains(">=1.2.0 <2.0.0", "2.0.0"));
  EXPECT_TRUE(contains(">1.2", "1.3.0"));
  EXPECT_FALSE(contains(">1.2", "1.2.9"));
  EXPECT_TRUE(contains("<=1.2", "1.2.9"));
  EXPECT_TRUE(contains("1.0.0 || ^3.1", "3.2.0"));
  EXPECT_FALSE(contains("1.0.0 || ^3.1", "2.0.0"));
}

TEST(VersionRange, a_pre_release_is_inside_only_where_one_of_its_numbers_is_named) {
  EXPECT_FALSE(contains("^1.2", "1.3.0-beta"));
  EXPECT_FALSE(contains("<2.0.0", "2.0.0-beta"));
  EXPECT_TRUE(contains("^1.2.0-alpha", "1.2.0-beta"));
  EXPECT_FALSE(contains("^1.2.0-alpha", "1.3.0-beta"));
  EXPECT_TRUE(contains("1.2.0-beta", "1.2.0-beta"));
  EXPECT_FALSE(contains("1.2.0-beta", "1.2.0-beta.1"));
}

TEST(VersionRange, build_and_abi_of_a_version_do_not_count) {
  EXPECT_TRUE(contains("=1.2.3", "1.2.3+8a3f1c2e+abi-v3"));
}

TEST(VersionRange, numbers_at_their_limit_do_not_wrap) {
  EXPECT_TRUE(contains("^4294967295.1", "4294967295.4294967295.0"));
  EXPECT_FALSE(contains(">4294967295", "4294967295.1.0"));
  EXPECT_TRUE(contains("~1.4294967295", "1.4294967295.9"));
  EXPECT_FALSE(contains("~1.4294967295", "2.0.0"));
}

TEST(VersionRange, what_is_none_is_refused_with_an_example) {
  for (const auto* text :
       {"", " ", "latest", "^", "1.2.3.4", "^1.2 ||", "=>1.0.0", "1.2.0+abi-v1", "1.2-beta", "^1.x"}) {
    const auto range = VersionRange::parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code, ErrorCode::BadInput);
    EXPECT_NE(range.error().message.find("write \"^1.2\""), std::string::npos) << range.error().message;
  }
}

}  // namespace
}  // namespace shunt::test
