#include <shunt/schemas/version.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt {
namespace {

Version version(std::string_view text) {
  auto parsed = Version::parse(text);
  if (!parsed) ADD_FAILURE() << to_string(parsed.error());
  return parsed.value_or(Version{});
}

TEST(Version, the_full_identity_is_read_field_by_field) {
  const auto parsed = version("1.4.0+8a3f1c2e+abi-v3");

  EXPECT_EQ(parsed.major, 1u);
  EXPECT_EQ(parsed.minor, 4u);
  EXPECT_EQ(parsed.patch, 0u);
  EXPECT_EQ(parsed.prerelease, "");
  EXPECT_EQ(parsed.build, BuildHash{0x8a3f1c2e});
  EXPECT_EQ(parsed.abi, AbiLevel{3});
}

TEST(Version, a_pre_release_tag_stands_between_the_numbers_and_the_build) {
  const auto parsed = version("1.1.0-beta.2+00000001+abi-v1");

  EXPECT_EQ(parsed.prerelease, "beta.2");
  EXPECT_EQ(parsed.build, BuildHash{1});
  EXPECT_EQ(parsed.abi, AbiLevel{1});
}

TEST(Version, what_is_left_out_is_absent_and_not_zero) {
  const auto parsed = version("2.0.1");

  EXPECT_FALSE(parsed.build.has_value());
  EXPECT_FALSE(parsed.abi.has_value());
  EXPECT_NE(parsed, version("2.0.1+00000000"));
  EXPECT_NE(parsed, version("2.0.1+abi-v0"));
}

TEST(Version, an_abi_level_may_come_without_a_build_hash) {
  const auto parsed = version("2.0.1+abi-v65535");

  EXPECT_FALSE(parsed.build.has_value());
  EXPECT_EQ(parsed.abi, AbiLevel{65535});
}

TEST(Version, printing_gives_back_the_very_text_that_was_parsed) {
  for (const std::string text :
       {"0.0.0", "1.4.0", "4294967295.4294967295.4294967295", "1.1.0-beta", "1.0.0-alpha.1.0", "1.0.0-0", "1.0.0--",
        "1.0.0-x-y-z.--", "1.0.0-00a", "1.4.0+8a3f1c2e", "1.4.0+00000000", "1.4.0+0000000f+abi-v0", "1.4.0+abi-v7",
        "1.0.0-rc.1+ffffffff+abi-v12"}) {
    const auto parsed = version(text);

    EXPECT_EQ(to_string(parsed), text);
    EXPECT_EQ(version(to_string(parsed)), parsed);
  }
}

TEST(Version, whatever_is_not_a_version_is_refused_with_the_text_and_an_example) {
  for (const std::string text : {"",
                                 " ",
                                 "1",
                                 "1.4",
                                 "1.4.0.0",
                                 "1..0",
                                 ".4.0",
                                 "1.4.",
                                 "v1.4.0",
                                 "01.4.0",
                                 "1.04.0",
                                 "1.4.00",
                                 "+1.4.0",
                                 "-1.4.0",
                                 "1.-4.0",
                                 "1.4.0 ",
                                 " 1.4.0",
                                 "1.4.0\n",
                                 "1.4.x",
                                 "0x1.4.0",
                                 "4294967296.0.0",
                                 "0.0.99999999999999999999",
                                 "1.4.0-",
                                 "1.4.0-a..b",
                                 "1.4.0-.a",
                                 "1.4.0-a.",
                                 "1.4.0-01",
                                 "1.4.0-a_b",
                                 "1.4.0-a b",
                                 "1.4.0-\xc3\xa4",
                                 "1.4.0+",
                                 "1.4.0+8a3f1c2",
                                 "1.4.0+8a3f1c2e0",
                                 "1.4.0+8A3F1C2E",
                                 "1.4.0+8a3f1c2g",
                                 "1.4.0+-a3f1c2e",
                                 "1.4.0+8a3f1c2e+",
                                 "1.4.0+8a3f1c2e+8a3f1c2e",
                                 "1.4.0+abi-v3+8a3f1c2e",
                                 "1.4.0+abi-v3+abi-v3",
                                 "1.4.0+abi-v",
                                 "1.4.0+abi-v03",
                                 "1.4.0+abi-v-1",
                                 "1.4.0+abi-v65536",
                                 "1.4.0+abi3",
                                 "1.4.0+ABI-v3",
                                 "1.4.0+8a3f1c2e-beta"}) {
    const auto parsed = Version::parse(text);

    ASSERT_FALSE(parsed.has_value()) << text << " was read as " << to_string(*parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::BadInput) << text;
    EXPECT_NE(parsed.error().message.find("\"" + text + "\""), std::string::npos) << parsed.error().message;
    EXPECT_NE(parsed.error().message.find("1.4.0+8a3f1c2e+abi-v3"), std::string::npos) << parsed.error().message;
  }
}

TEST(Version, a_zero_byte_inside_the_text_is_refused) {
  EXPECT_FALSE(Version::parse(std::string_view{"1.4.0\0", 6}).has_value());
  EXPECT_FALSE(Version::parse(std::string_view{"1.4\0.0", 6}).has_value());
}

/// The orders are strict: each text is below all that follow it, and none equals another.
void expect_ascending(const std::vector<std::string>& texts) {
  for (std::size_t left = 0; left < texts.size(); ++left) {
    for (std::size_t right = 0; right < texts.size(); ++right) {
      const auto order = version(texts[left]) <=> version(texts[right]);
      EXPECT_EQ(order, left <=> right) << texts[left] << " and " << texts[right];
      EXPECT_EQ(version(texts[left]) == version(texts[right]), left == right) << texts[left] << " and " << texts[right];
    }
  }
}

TEST(Version, the_example_of_semantic_versioning_section_11_is_in_order) {
  expect_ascending({"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
                    "1.0.0-rc.1", "1.0.0"});
}

TEST(Version, numbers_are_ordered_as_numbers_and_the_left_one_counts_first) {
  expect_ascending({"0.0.9", "0.0.10", "0.1.0", "1.0.0", "1.9.0", "1.10.0", "2.0.0", "2.1.0", "2.1.1", "10.0.0"});
}

TEST(Version, a_release_is_above_its_pre_releases_and_below_the_next_ones) {
  expect_ascending({"1.0.0", "1.1.0-beta", "1.1.0", "1.1.1-alpha", "1.1.1"});
}

TEST(Version, numeric_identifiers_of_any_length_are_ordered_by_value_and_below_texts) {
  expect_ascending({"1.0.0-9", "1.0.0-10", "1.0.0-99999999999999999999", "1.0.0-100000000000000000000", "1.0.0--1",
                    "1.0.0-1a", "1.0.0-A", "1.0.0-a"});
}

TEST(Version, builds_of_one_release_are_ordered_by_abi_level_then_by_build_hash) {
  expect_ascending({"1.0.0", "1.0.0+00000001", "1.0.0+ffffffff", "1.0.0+abi-v1", "1.0.0+00000001+abi-v1",
                    "1.0.0+00000002+abi-v1", "1.0.0+abi-v2"});
}

TEST(Version, a_build_never_outweighs_the_release_it_is_of) {
  EXPECT_LT(version("1.0.0-rc.1+ffffffff+abi-v9"), version("1.0.0"));
  EXPECT_LT(version("1.0.0+ffffffff+abi-v9"), version("1.0.1-alpha"));
}

TEST(Version, sorting_a_shuffled_list_gives_the_one_order) {
  std::vector<Version> versions{version("1.5.0"), version("1.4.0+00000001"), version("1.4.0-beta"), version("1.4.0")};

  std::ranges::sort(versions);

  EXPECT_EQ(versions,
            (std::vector{version("1.4.0-beta"), version("1.4.0"), version("1.4.0+00000001"), version("1.5.0")}));
}

TEST(Version, what_a_person_leaves_out_matches_any_build) {
  const auto built = version("1.4.0+8a3f1c2e+abi-v3");

  EXPECT_TRUE(built.matches(version("1.4.0")));
  EXPECT_TRUE(built.matches(version("1.4.0+8a3f1c2e")));
  EXPECT_TRUE(built.matches(version("1.4.0+abi-v3")));
  EXPECT_TRUE(built.matches(built));
}

TEST(Version, what_a_person_writes_must_be_so) {
  const auto built = version("1.4.0+8a3f1c2e+abi-v3");

  EXPECT_FALSE(built.matches(version("1.4.1")));
  EXPECT_FALSE(built.matches(version("1.5.0")));
  EXPECT_FALSE(built.matches(version("2.4.0")));
  EXPECT_FALSE(built.matches(version("1.4.0-beta")));
  EXPECT_FALSE(built.matches(version("1.4.0+8a3f1c2f")));
  EXPECT_FALSE(built.matches(version("1.4.0+abi-v2")));
  EXPECT_FALSE(version("1.4.0-beta+8a3f1c2e+abi-v3").matches(version("1.4.0")));
  EXPECT_FALSE(version("1.4.0").matches(built));
}

}  // namespace
}  // namespace shunt
