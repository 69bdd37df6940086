/// check: what a plugin leaves behind after each way through its life, and what of it may block.
#include "running_host.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr int kDrillFound = 3;
constexpr int kMisused = 2;

/// 0: it has none.
pid_t first_child_of(pid_t process) {
  std::ifstream file{fmt::format("/proc/{0}/task/{0}/children", process)};
  pid_t child = 0;
  file >> child;
  return child;
}

class Check : public ProcessTest {
 protected:
  /// `shunt check` of the plugin with these settings.
  [[nodiscard]] Ran check(const std::string& config, const Words& more = {}, const std::string& lines = {}) const {
    folder_.write("host.toml",
                  "[trust]\nallow_unsigned = true\n" + plugin(DRILLED, "config = { " + config + " }\n" + lines));
    Words words{"check", DRILLED, "--config", folder_.path() / "host.toml"};
    words.insert(words.end(), more.begin(), more.end());
    return shunt(words);
  }
  [[nodiscard]] static std::string trouble(const std::string& what) { return "trouble = \"" + what + "\""; }

  /// The finding as JSON has it, where people see the same.
  std::string finding(const std::string& what, const std::string& lines = {}) const {
    const Ran human = check(trouble(what), {}, lines);
    const Ran json = check(trouble(what), {"--json"}, lines);
    EXPECT_EQ(human.code, kDrillFound) << human;
    EXPECT_EQ(json.code, kDrillFound) << json;
    const Json drill = json.json()["drill"];
    EXPECT_EQ(json.json()["accepted"], true);
    EXPECT_EQ(drill["passed"], false);
    const std::string code = drill["finding"]["code"];
    EXPECT_THAT(human.out, HasSubstr("  drill: " + code + ": "));
    return code + ": " + drill["finding"]["message"].get<std::string>();
  }

  TemporaryDirectory folder_;
};

TEST_F(Check, a_plugin_that_leaves_nothing_passes_every_drill) {
  const Ran human = check("");
  const Ran json = check("", {"--json"});

  EXPECT_EQ(human.code, 0) << human;
  EXPECT_THAT(human.out, AllOf(HasSubstr("would run: Unsigned"), HasSubstr("nothing is left behind")));
  EXPECT_EQ(json.code, 0) << json;
  EXPECT_EQ(json.json()["drill"],
            Json::parse(R"({"passed":true,"drills":["load","init","init, twice","validate","activate",
                            "activate after init, twice","a failing init","a failing init, tried again"]})"));
  EXPECT_THAT(human.errors, HasSubstr("the plugin prints")) << "not among the answer";
}

TEST_F(Check, a_plugin_that_leaves_a_last_will_passes_too) {
  folder_.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(TESTATOR, ""));

  const Ran ran = shunt({"check", TESTATOR, "--config", folder_.path() / "host.toml"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("nothing is left behind"));
}

TEST_F(Check, phases_that_fail_with_a_setting_are_drilled_too) {
  const Ran ran = check("", {"--json", "--failing", "init.fails-in=init", "--failing", "validate.fails-in=validate",
                             "--failing", "activate.fails-in=activate"});

  ASSERT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(
      ran.json()["drill"]["drills"].get<Words>(),
      AllOf(Contains("a failing init, tried again"), Contains("a failing validate"), Contains("a failing activate")));
}

TEST_F(Check, what_cleanup_leaves_is_named_with_the_drill_after_which) {
  EXPECT_THAT(finding("leave descriptor"),
              MatchesRegex("PluginFailed: drilled: cleanup after activate left descriptor [0-9]+ \\(/dev/null\\)"));
  EXPECT_EQ(finding("leave thread"), "PluginFailed: drilled: cleanup after activate left 1 thread");
  EXPECT_EQ(finding("leave chunk"), "PluginFailed: drilled: cleanup after activate left 1 chunks");
}

TEST_F(Check, what_a_failing_phase_leaves_is_found_as_well) {
  const Ran ran = check("", {"--failing", "activate.fails-in=activate", "--failing", "activate.trouble=leave thread"});

  EXPECT_EQ(ran.code, kDrillFound) << ran;
  EXPECT_THAT(ran.out, HasSubstr("cleanup after a failing activate left 1 thread"));
}

TEST_F(Check, an_init_that_cannot_be_done_twice_is_found) {
  EXPECT_EQ(finding("fail when tried twice"), "PluginFailed: drilled: init failed in the drill: init was done before");
}

TEST_F(Check, a_plugin_that_does_not_come_back_from_a_phase_is_named_with_it_and_leaves_no_process) {
  EXPECT_EQ(finding("init crash"), "PluginCrashed: init in the drill \"init\" was ended by signal 6 (Aborted)");
  EXPECT_EQ(finding("cleanup exit"), "PluginExited: cleanup in the drill \"init\" exited with code 7");
  EXPECT_EQ(finding("validate hang",
                    "deadlines = { load = \"1 s\", init = \"1 s\", validate = \"1 s\", activate = \"1 s\", "
                    "cleanup = \"1 s\" }"),
            "PluginStuck: validate in the drill \"validate\" did not return within 2000 ms and was ended");
}

TEST_F(Check, what_a_plugin_has_started_is_found_and_ends_with_its_drill) {
  // The answer ends when all have ended who hold its output.
  EXPECT_EQ(finding("activate fork"), "PluginFailed: drilled: cleanup after activate left 1 process");
  EXPECT_EQ(finding("activate daemon"), "PluginFailed: drilled: cleanup after activate left 1 process");
  EXPECT_EQ(finding("cleanup daemon"), "PluginFailed: drilled: cleanup after init left 1 process");
}

TEST_F(Check, what_a_plugin_has_started_may_end_on_its_own_once_it_has_left_its_parent) {
  const Ran ran = check(trouble("activate short-lived daemon"));

  EXPECT_EQ(ran.code, 0) << ran;
}

TEST_F(Check, a_plugin_that_kills_its_parent_is_named_and_kills_nobody_who_asks) {
  EXPECT_EQ(finding("init kill"), "PluginCrashed: init in the drill \"init\" was ended by signal 9 (Killed)");
}

TEST_F(Check, a_drill_ends_with_whoever_asked_for_it) {
  folder_.write("host.toml",
                "[trust]\nallow_unsigned = true\n" +
                    plugin(DRILLED, "config = { " + trouble("init hang") + " }\ndeadlines = { init = \"60 min\" }\n"));
  Process checks{SHUNT, {"check", DRILLED, "--config", folder_.path() / "host.toml"}};
  ASSERT_TRUE(await([&] {
    const pid_t keeper = first_child_of(checks.pid());
    return keeper != 0 && first_child_of(keeper) != 0;
  }));

  checks.signal(SIGKILL);

  EXPECT_EQ(checks.finish().signal, SIGKILL);  // it returns when all have ended who hold its output
}

TEST_F(Check, nothing_of_a_plugin_runs_that_is_refused_or_where_that_is_said) {
  const Ran without = check(trouble("init crash"), {"--json", "--no-drill"});
  folder_.write("host.toml", plugin(DRILLED, "config = { " + trouble("init crash") + " }"));
  const Ran refused = shunt({"check", DRILLED, "--config", folder_.path() / "host.toml", "--json"});

  EXPECT_EQ(without.code, 0) << without;
  EXPECT_TRUE(without.json()["drill"].is_null());
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.json()["refusal"]["code"], "NotTrusted");
  EXPECT_TRUE(refused.json()["drill"].is_null());
}

TEST_F(Check, calls_that_may_block_are_named) {
  const Ran human = check("", {"--no-drill"});
  const Ran json = check("", {"--no-drill", "--json"});
  const Ran strict = check("", {"--no-drill", "--strict"});

  Words functions;
  const Json said = json.json();
  for (const Json& each : said["blocking"]) functions.push_back(each["function"]);
  EXPECT_THAT(functions, testing::IsSupersetOf({"getaddrinfo", "connect", "sleep", "system"}));
  for (const std::string& each : functions)
    EXPECT_THAT(human.out, HasSubstr("it calls " + each + ", which may keep a handler waiting"));
  EXPECT_EQ(strict.code, 1);
}

TEST_F(Check, failing_settings_that_make_no_sense_are_refused) {
  const Ran no_key = check("", {"--failing", "validate"});
  const Ran no_phase = check("", {"--failing", "cleanup.trouble=x"});
  const Ran unknown = check("", {"--failing", "init.troubel=x"});
  const Ran does_not_fail = check("", {"--failing", "validate.fails-in=activate"});

  EXPECT_THAT(no_key.errors, HasSubstr("PHASE.KEY=VALUE is meant"));
  EXPECT_THAT(no_phase.errors, HasSubstr("of init, validate or activate"));
  EXPECT_THAT(unknown.errors, HasSubstr("did you mean \"trouble\"?"));
  for (const Ran& each : {no_key, no_phase, unknown}) EXPECT_EQ(each.code, kMisused);
  EXPECT_THAT(unknown.errors, HasSubstr("the failing setting init.troubel: "));
  EXPECT_EQ(does_not_fail.code, kDrillFound);
  EXPECT_THAT(does_not_fail.out, HasSubstr("validate succeeded with settings with which it was to fail"));
}

TEST_F(Check, help_states_the_exit_codes) {
  std::string help = shunt({"check", "--help"}).out;
  std::ranges::replace(help, '\n', ' ');

  EXPECT_THAT(help, AllOf(HasSubstr("Exits with 0"), HasSubstr("1 refused"), HasSubstr("3 the drill")));
}

}  // namespace
}  // namespace shunt::test
