/// switch, stop and restart.
#include "running_host_test.hpp"

#include <csignal>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Plugins : public RunningHostTest {
 protected:
  Plugins() : RunningHostTest({plugin(ACTOR), plugin(ACTOR_2), plugin(PARTNER), plugin(PARTNER_2)}) {}
  int answering_version() { return host_.ask({"call", "actor/act", order("Echo")})["reply"]["version"].get<int>(); }
};

TEST_F(Plugins, a_switch_moves_the_routes_there_and_back) {
  ASSERT_EQ(answering_version(), 1);
  ASSERT_EQ(host_.shunt({"stop", "partner"}).code, 0);

  const Ran there = host_.shunt({"switch", "actor", "2.0.0"});

  EXPECT_EQ(there.code, 0) << there;
  EXPECT_EQ(there.out, "actor 2.0.0 serves\n");
  EXPECT_EQ(answering_version(), 2);
  EXPECT_EQ(host_.ask({"switch", "actor", "1.0.0"}), Json::parse(R"({"done":"switch","plugin":"actor"})"));
  EXPECT_EQ(answering_version(), 1);
  EXPECT_EQ(host_.ask({"ls"})["plugins"].size(), 2u) << "the other one has gone";
}

TEST_F(Plugins, a_switch_moves_several_in_one_step) {
  expect_refused({"switch", "actor", "2.0.0"}, "NoSuchVersion: partner 1.0.0+");
  expect_refused({"switch", "actor", "2.0.0", "partner"}, "BadInput: \"partner\" has no version");

  const Ran there = host_.shunt({"switch", "actor", "2.0.0", "partner", "2.0.0"});

  EXPECT_EQ(there.code, 0) << there;
  EXPECT_EQ(there.out, "actor 2.0.0 serves\npartner 2.0.0 serves\n");
  EXPECT_EQ(answering_version(), 2);
  EXPECT_EQ(host_.shunt({"switch", "actor", "1.0.0", "partner", "1.0.0", "--json"}).out,
            "{\"done\":\"switch\",\"plugin\":\"actor\"}\n{\"done\":\"switch\",\"plugin\":\"partner\"}\n");
  EXPECT_EQ(answering_version(), 1);
}

TEST_F(Plugins, a_switch_to_the_version_that_serves_changes_nothing) {
  const Json before = host_.listed("actor");

  EXPECT_EQ(host_.shunt({"switch", "actor", "1.0.0"}).code, 0);

  EXPECT_EQ(host_.listed("actor")["pid"], before["pid"]);
}

TEST_F(Plugins, a_switch_to_what_is_not_there_is_refused_and_the_old_version_serves_on) {
  expect_refused({"switch", "actor", "9.9.9"}, "NoSuchVersion: \"actor\" has no version 9.9.9, only 1.0.0+");
  expect_refused({"switch", "actress", "1.0.0"}, "NoSuchPlugin: there is no plugin \"actress\": see `shunt ls`");
  expect_refused({"switch", "actor", "newest"}, "BadInput: \"newest\" is not a version");

  EXPECT_EQ(answering_version(), 1);
}

TEST_F(Plugins, a_switch_to_no_version_names_those_that_there_are_and_which_serves) {
  const Ran ran = host_.shunt({"switch", "actor", "9.9.9"});

  EXPECT_THAT(ran.errors,
              MatchesRegex(".* has no version 9\\.9\\.9, only 1\\.0\\.0\\+[^ ]* \\(serves\\), "
                           "2\\.0\\.0\\+[^ ]*: say one of these, or add its file as another \\[\\[plugin\\]\\]\n"));
}

TEST_F(Plugins, a_stopped_plugin_has_no_process_and_refuses_calls_until_it_is_restarted) {
  const auto pid = host_.listed("partner")["pid"].get<pid_t>();

  EXPECT_EQ(host_.shunt({"stop", "partner"}).out, "partner is stopped\n");

  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_EQ(host_.listed("partner")["state"], "Stopped");
  expect_refused({"call", "partner/act", "{}"},
                 "NotServing: \"partner/act\" is not served now: \"partner\" was stopped");
  EXPECT_EQ(host_.shunt({"stop", "partner"}).code, 0) << "stopped it is already";
  EXPECT_EQ(host_.shunt({"restart", "partner"}).out, "partner serves again\n");
  EXPECT_EQ(host_.listed("partner")["state"], "Active");
  EXPECT_EQ(host_.shunt({"call", "partner/act", "{}"}).code, 0);
}

TEST_F(Plugins, stop_and_restart_are_refused_where_they_make_no_sense) {
  expect_refused({"audit", "actress"}, "NoSuchPlugin: there is no plugin \"actress\": see `shunt ls`");
  expect_refused({"stop", "actress"}, "NoSuchPlugin: there is no plugin \"actress\": see `shunt ls`");
  expect_refused({"restart", "actress"}, "NoSuchPlugin: there is no plugin \"actress\": see `shunt ls`");
  EXPECT_EQ(host_.shunt({"stop", "actor"}).code, 0);
  expect_refused({"switch", "actor", "2.0.0"}, "NotServing: \"actor\" is stopped: restart it, then switch");
}

TEST_F(Plugins, one_that_is_killed_is_started_again_and_its_death_is_told) {
  const Json before = host_.listed("actor");

  ::kill(before["pid"].get<pid_t>(), SIGKILL);

  EXPECT_THAT(host_.await_event("Ended", "actor")["text"].get<std::string>(), HasSubstr("signal 9"));
  EXPECT_TRUE(await([&] {
    const Json now = host_.listed("actor");
    return now["state"] == "Active" && now["pid"] != before["pid"] && now["crashes"] == 1;
  }));
}

}  // namespace
}  // namespace shunt::test
