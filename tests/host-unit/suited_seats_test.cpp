/// Which seats suit hints: the rules, one after the other.
#include "suited_seats.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Traits> traits(std::string_view version, std::string tag,
                                     std::map<std::string, std::string, std::less<>> labels) {
  return std::make_shared<const Traits>(Traits{Version::parse(version).value(), std::move(tag), std::move(labels)});
}

/// Places 0 to 3: stable in two regions, a canary, and a pre-release.
class SuitedSeatsTest : public ::testing::Test {
 protected:
  const Candidates candidates_{{{0, traits("1.4.0", "stable", {{"region", "bj"}})},
                                {1, traits("1.4.2", "stable", {{"region", "sh"}})},
                                {2, traits("1.5.0", "", {{"region", "bj"}, {"canary", "1"}})},
                                {3, traits("2.0.0-rc.1", "", {})}}};

  [[nodiscard]] Suited suits(std::string_view text, std::vector<HintStep>* steps = nullptr) const {
    return suited(Hints::parse(text).value().parts(), candidates_, ~Split::Places{0}, steps);
  }
  [[nodiscard]] std::vector<int> places(std::string_view text) const { return places_in(suits(text).places); }
  static std::vector<int> places_in(Split::Places places) {
    std::vector<int> result;
    for (int place = 0; place < 8; ++place)
      if ((places >> place & 1) != 0) result.push_back(place);
    return result;
  }
};

TEST_F(SuitedSeatsTest, all_suit_no_hints) {
  EXPECT_THAT(places(""), ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(suits("").passed_over);
}

TEST_F(SuitedSeatsTest, a_version_is_a_prefix_or_a_range) {
  EXPECT_THAT(places("1.4"), ElementsAre(0, 1));
  EXPECT_THAT(places("^1.4"), ElementsAre(0, 1, 2));
  EXPECT_THAT(places("1.x"), ElementsAre(0, 1, 2));
  EXPECT_THAT(places(">=1.4.1 <1.6"), ElementsAre(1, 2));
  EXPECT_THAT(places("=2.0.0-rc.1"), ElementsAre(3));
}

TEST_F(SuitedSeatsTest, of_several_versions_the_first_that_somebody_has_is_meant) {
  EXPECT_THAT(places("3,1.5,1.4"), ElementsAre(2));
  EXPECT_FALSE(suits("3,1.5").passed_over) << "one of them was followed";
  EXPECT_TRUE(suits("3,4").passed_over);
  EXPECT_THAT(places("3,4"), ElementsAre(0, 1, 2, 3));
}

TEST_F(SuitedSeatsTest, a_tag_is_that_of_the_configuration_or_the_whole_number) {
  EXPECT_THAT(places("tag=stable"), ElementsAre(0, 1));
  EXPECT_THAT(places("tag=1.4.2"), ElementsAre(1));
  EXPECT_THAT(places("tag=2.0.0-rc.1"), ElementsAre(3));
  EXPECT_TRUE(suits("tag=1.4").passed_over) << "it is exact";
}

TEST_F(SuitedSeatsTest, each_rule_leaves_those_that_suit_it_too) {
  EXPECT_THAT(places("^1;region=bj"), ElementsAre(0, 2));
  EXPECT_THAT(places("^1;region=bj;canary=1"), ElementsAre(2));
  EXPECT_THAT(places("1.4;region=bj;canary=1"), ElementsAre(0));
  EXPECT_TRUE(suits("1.4;region=bj;canary=1").passed_over);
}

TEST_F(SuitedSeatsTest, the_tag_comes_before_labels_whatever_their_names) {
  EXPECT_THAT(places("tag=stable;canary=1"), ElementsAre(0, 1)) << "canary comes first in the text";
}

TEST_F(SuitedSeatsTest, nobody_suits_what_is_required_and_is_not_there) {
  EXPECT_THAT(places("3;required"), ElementsAre());
  EXPECT_THAT(places("1.4;region=xx;required=region"), ElementsAre());
  EXPECT_THAT(places("1.4;region=xx;required=version"), ElementsAre(0, 1));
  EXPECT_THAT(places("1.5;region=sh;required=region"), ElementsAre()) << "not among those that the version leaves";
}

TEST_F(SuitedSeatsTest, steps_say_what_each_rule_did) {
  std::vector<HintStep> steps;

  static_cast<void>(suits("3,1.4;region=xx;tag=stable", &steps));

  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].rule, "version 3");
  EXPECT_EQ(steps[0].left, 0u);
  EXPECT_EQ(steps[1].rule, "version 1.4");
  EXPECT_EQ(steps[1].left, 0b11u);
  EXPECT_EQ(steps[2].rule, "tag stable");
  EXPECT_EQ(steps[2].left, 0b11u);
  EXPECT_EQ(steps[3].rule, "region=xx");
  EXPECT_EQ(steps[3].left, 0u);
}

TEST_F(SuitedSeatsTest, only_those_are_asked_that_may_be_chosen_at_all) {
  const Hints hints = Hints::parse("v2,1.5,1.4").value();

  EXPECT_THAT(places_in(suited(hints, candidates_, 0b0011).places), ElementsAre(0, 1));
  EXPECT_THAT(places_in(suited(hints, candidates_, 0b0110).places), ElementsAre(2));
}

TEST_F(SuitedSeatsTest, what_is_remembered_is_that_of_these_hints_and_these_seats) {
  const Candidates others{{{0, traits("2.0.0", "", {})}, {1, traits("1.0.0", "", {})}}};
  for (int round = 0; round < 3; ++round)
    for (int minor = 0; minor < 600; ++minor) {
      const Hints hints = Hints::parse("1." + std::to_string(minor) + ",2.0").value();
      ASSERT_THAT(places_in(suited(hints, others).places), minor == 0 ? ElementsAre(1) : ElementsAre(0)) << minor;
      ASSERT_EQ(suited(hints, candidates_).passed_over, minor != 4 && minor != 5) << minor;
    }
}

}  // namespace
}  // namespace shunt::host
