#include "state_versions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

DeclaredState state(std::uint32_t version, std::uint64_t schema = 1) {
  return {version, {fmt::format("position.State{}", version), {schema}}};
}

Manifest with(std::string_view version, std::vector<DeclaredState> states) {
  Manifest manifest;
  manifest.name = "position";
  manifest.version = Version::parse(version).value();
  manifest.state = std::move(states);
  return manifest;
}

TEST(StateVersions, are_none_where_the_version_before_has_none) {
  const auto found = state_between(with("1.0.0", {}), with("2.0.0", {state(1)}));

  ASSERT_TRUE(found);
  EXPECT_EQ(*found, std::nullopt);
}

TEST(StateVersions, are_the_newest_that_both_have_in_either_direction) {
  const Manifest older = with("1.0.0", {state(1), state(2)}), newer = with("2.0.0", {state(1), state(2), state(3)});

  EXPECT_EQ(state_between(older, newer).value(), 2u);
  EXPECT_EQ(state_between(newer, older).value(), 2u);
  EXPECT_EQ(state_between(newer, newer).value(), 3u);
}

TEST(StateVersions, that_nobody_has_in_common_are_refused_with_both_lists) {
  const auto found = state_between(with("1.0.0", {state(1), state(2)}), with("2.0.0", {state(3)}));

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(found.error().message, AllOf(HasSubstr("position 1.0.0 writes state 1, 2"), HasSubstr("2.0.0 reads 3")));
}

TEST(StateVersions, of_one_number_and_two_forms_are_refused_though_an_older_one_would_do) {
  const auto found = state_between(with("1.0.0", {state(1), state(2, 1)}), with("2.0.0", {state(1), state(2, 7)}));

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::SchemaMismatch);
  EXPECT_THAT(found.error().message, HasSubstr("give another form another number"));
}

}  // namespace
}  // namespace shunt::host
