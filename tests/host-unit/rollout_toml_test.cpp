/// rollout.toml: what it may say, and how what it may not is refused.
#include <shunt/host/rollout.hpp>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& text) {
  const auto plan = parse_rollout("plugin = \"momentum\"\nversion = \"1.5.0\"\n" + text, "rollout.toml");
  return plan ? "it is taken" : plan.error().message;
}

TEST(RolloutToml, may_say_nothing_but_what_takes_over) {
  const auto plan = parse_rollout("plugin = \"momentum\"\nversion = \"1.5.0\"\n", "rollout.toml");

  ASSERT_TRUE(plan) << to_string(plan.error());
  EXPECT_EQ(*plan, (RolloutPlan{.plugin = "momentum", .version = "1.5.0"}));
  ASSERT_EQ(plan->stages.size(), 4u);
  EXPECT_TRUE(plan->stages.front().shadow);
  EXPECT_EQ(plan->stages[1].share, 50u);
}

TEST(RolloutToml, says_of_a_stage_what_it_says_of_all_unless_the_stage_does) {
  const auto plan = parse_rollout(R"(
plugin = "momentum"
version = "1.5.0"
dwell = "10 min"
samples_min = 5000
[gates]
success_min = 990
[preflight]
ready_min = "30 s"
lag_max = "5 ms"
backlog_max = 7
key_days_min = 14
[[stage]]
shadow = true
share = 100
gates = { differences_max = 2 }
[[stage]]
select = { region = "bj" }
dwell = "1 s"
[[stage]]
share = 1000
samples_min = 1
)",
                                  "rollout.toml");

  ASSERT_TRUE(plan) << to_string(plan.error());
  ASSERT_EQ(plan->stages.size(), 3u);
  EXPECT_EQ(plan->stages[0].share, 100u);
  EXPECT_EQ(plan->stages[0].dwell, 10min);
  EXPECT_EQ(plan->stages[0].gates.success_min, 990u);
  EXPECT_EQ(plan->stages[0].gates.differences_max, 2u);
  EXPECT_EQ(plan->stages[1].select.at("region"), "bj");
  EXPECT_EQ(plan->stages[1].dwell, 1s);
  EXPECT_EQ(plan->stages[1].samples_min, 5000u);
  EXPECT_EQ(plan->stages[2].samples_min, 1u);
  EXPECT_EQ(plan->preflight, (PreflightLimits{5ms, 7, 30s, 14}));
}

TEST(RolloutToml, is_refused_with_its_place_where_it_says_what_nobody_asked_for) {
  EXPECT_THAT(refusal("[[stage]]\nshare = 1000\nsamples = 3\n"),
              AllOf(StartsWith("rollout.toml:5:1"), HasSubstr("samples_min")));
  EXPECT_THAT(refusal("dwell = 5\n"), AllOf(StartsWith("rollout.toml:3:9"), HasSubstr("a duration with its unit")));
  EXPECT_THAT(refusal("[gates]\nsuccess_min = \"99 %\"\n"), HasSubstr("a whole number is meant"));
  EXPECT_THAT(refusal("[stage]\nshare = 1000\n"), HasSubstr("write [[stage]], with two brackets"));
  EXPECT_THAT(refusal("[[stage]]\nshare = 1000\nselect = { region = 7 }\n"), HasSubstr("a string is meant"));
  EXPECT_THAT(refusal("= 3\n"), StartsWith("rollout.toml:3:"));
}

TEST(RolloutToml, is_refused_where_its_stages_cannot_be) {
  EXPECT_THAT(refusal("[[stage]]\nshare = 500\n"), HasSubstr("does not give all"));
  EXPECT_THAT(refusal("[[stage]]\nshare = 1000\nselect = { region = \"bj\" }\n"), HasSubstr("does not give all"));
  EXPECT_THAT(refusal("[[stage]]\nshare = 500\nselect = { region = \"bj\" }\n[[stage]]\nshare = 1000\n"),
              HasSubstr("stage 1: a part of what it selects cannot be met exactly"));
  EXPECT_THAT(refusal("[[stage]]\nselect = { region = \"bj\", tier = \"gold\" }\n[[stage]]\n"),
              HasSubstr("stage 1: select: a message that has one of several labels"));
  EXPECT_THAT(refusal("[[stage]]\nselect = { region = \"bj\" }\n[[stage]]\nselect = { region = \"sh\" }\n[[stage]]\n"),
              HasSubstr("stage 2: select: a version has one region, and an earlier stage says region=bj"));
  EXPECT_THAT(refusal("[[stage]]\nselect = { version = \"2\" }\n[[stage]]\n"), HasSubstr("select has the key"));
  EXPECT_THAT(refusal("[[stage]]\nshare = 500\n[[stage]]\nshadow = true\n[[stage]]\n"), HasSubstr("put it first"));
  EXPECT_THAT(refusal("[[stage]]\nshare = 500\n[[stage]]\nshare = 200\n[[stage]]\n"), HasSubstr("behind 500"));
  EXPECT_THAT(refusal("[[stage]]\nsamples_min = 0\n"), HasSubstr("by no sample"));
  EXPECT_THAT(refusal("[[stage]]\ngates = { success_min = 1001 }\n"), HasSubstr("success_min is 1001 of 1000"));
}

TEST(RolloutToml, is_refused_without_a_plugin_or_a_version) {
  EXPECT_THAT(parse_rollout("version = \"1.5.0\"\n", "rollout.toml").error().message, HasSubstr("plugin is \"\""));
  EXPECT_THAT(parse_rollout("plugin = \"a\"\nversion = \"new\"\n", "rollout.toml").error().message,
              HasSubstr("version is \"new\""));
}

TEST(RolloutToml, is_read_from_a_file) {
  const test::TemporaryDirectory directory;
  const auto file = directory.write("rollout.toml", "plugin = \"momentum\"\nversion = \"1.5.0\"\n");

  EXPECT_TRUE(read_rollout(file));
  EXPECT_EQ(read_rollout(directory.path() / "nowhere.toml").error().code, ErrorCode::System);
}

}  // namespace
}  // namespace shunt
