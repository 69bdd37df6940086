/// The picture: well-formed, and with everything in it that there was.
#include "robot_program.hpp"
#include "svg.hpp"

#include <set>

#include <arena.hpp>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Picture : public RobotTest {
 protected:
  [[nodiscard]] Svg drawn(const std::string& arguments) const {
    const auto file = folder_.path() / "robot.svg";
    [[maybe_unused]] const Json ran = good("--lockstep --svg " + file.string() + " " + arguments);
    return Svg{text_of(file)};
  }
};

TEST_F(Picture, is_well_formed_and_shows_every_obstacle) {
  const robot_demo::Arena arena{9};

  const Svg svg = drawn("--seconds 2 --seed 9");

  EXPECT_EQ(svg.problem(), "");
  ASSERT_FALSE(svg.elements().empty());
  EXPECT_EQ(svg.elements()[0].name, "svg");
  EXPECT_EQ(svg.inside("obstacles", "circle").size(), arena.circles().size());
  EXPECT_EQ(svg.inside("obstacles", "rect").size(), arena.boxes().size());
}

/// Eighty units for a metre, and y grows upwards in the arena.
TEST_F(Picture, shows_the_way_from_the_start_to_the_end_without_a_gap) {
  const auto file = folder_.path() / "robot.svg";
  const Json ran = good("--lockstep --seconds 20 --seed 9 --svg " + file.string());

  const Svg svg{text_of(file)};
  const auto pieces = svg.inside("way", "polyline");
  ASSERT_GT(pieces.size(), 20u);
  std::set<std::string> colours;
  auto last = Svg::points(pieces.front()).at(0);
  const auto first = last;
  double units = 0;
  for (const auto& piece : pieces) {
    colours.insert(piece.attributes.at("stroke"));
    EXPECT_EQ(Svg::points(piece).at(0), last) << "a gap";
    for (const auto& point : Svg::points(piece)) {
      units += std::hypot(point.first - last.first, point.second - last.second);
      last = point;
    }
  }

  EXPECT_EQ(colours.size(), pieces.size()) << "coloured by time";
  EXPECT_NEAR(units, ran["distance"].get<double>() * 80, 10);
  EXPECT_NEAR(last.first - first.first, (ran["end"]["x"].get<double>() - robot_demo::Arena::kStart.at.x) * 80, 0.2);
  EXPECT_NEAR(first.second - last.second, (ran["end"]["y"].get<double>() - robot_demo::Arena::kStart.at.y) * 80, 0.2);
}

TEST_F(Picture, tells_of_a_kill_only_where_there_was_one) {
  const Svg without = drawn("--seconds 3");
  const Svg with = drawn("--seconds 3 --kill-at 1");

  EXPECT_THAT(without.words(), AllOf(HasSubstr("0 collisions"), HasSubstr("start"), Not(HasSubstr("killed"))));
  EXPECT_TRUE(without.inside("lens", "use").empty());
  EXPECT_THAT(with.words(), AllOf(HasSubstr("driver killed, 1.0 s"), HasSubstr("stood"), HasSubstr("drove on")));
  EXPECT_EQ(with.inside("lens", "use").size(), 1u);
}

TEST_F(Picture, adapts_to_dark_viewers) {
  const Svg svg = drawn("--seconds 1");

  ASSERT_EQ(svg.inside("", "style").size(), 1u);
  EXPECT_THAT(svg.inside("", "style")[0].text, HasSubstr("prefers-color-scheme: dark"));
}

TEST_F(Picture, that_cannot_be_written_is_named_before_the_run) {
  const Ran ran = run("--seconds 3600 --svg " + (folder_.path() / "none" / "robot.svg").string());

  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("none/robot.svg"), HasSubstr("--svg")));
}

}  // namespace
}  // namespace shunt::test
