/// stop, drain, disable, enable and restart: a plugin, a route, everything.
#include "raw_client.hpp"
#include "running_host_test.hpp"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StopCommands : public RunningHostTest {
 protected:
  StopCommands()
      : RunningHostTest(
            {plugin(ACTOR, "handler_max = \"60 min\"\ngrace = \"60 min\"\n"), plugin(ACTOR_2), plugin(PARTNER_2)}) {}
  std::string says(const Words& arguments) {
    const Ran ran = host_.shunt(arguments);
    EXPECT_EQ(ran.code, 0) << testing::PrintToString(arguments) << ran;
    return ran.out;
  }
  Json route(const std::string& name) {
    const Json listed = host_.ask({"ls"});
    for (const Json& each : listed["routes"])
      if (each["route"] == name) return each;
    return {};
  }
  bool answers(const std::string& function) { return host_.shunt({"call", function, "{}"}).code == 0; }
};

TEST_F(StopCommands, a_plugin_is_drained_disabled_and_enabled_by_its_name) {
  const Json before = host_.listed("actor");

  EXPECT_EQ(says({"drain", "actor"}), "actor is drained\n");
  EXPECT_EQ(host_.listed("actor")["admission"], "Drained");
  expect_refused({"call", "actor/act", "{}"}, "NotServing: \"actor/act\" is not served now: \"actor\" is drained");
  EXPECT_EQ(says({"disable", "actor"}), "actor is disabled\n");
  EXPECT_EQ(host_.listed("actor")["admission"], "Disabled");
  expect_refused({"call", "actor/act", "{}"},
                 "NotServing: \"actor/act\" is not served now: \"actor\" is disabled: see `shunt enable`");
  EXPECT_TRUE(answers("partner/act"));
  EXPECT_EQ(says({"enable", "actor"}), "actor is enabled\n");
  EXPECT_TRUE(answers("actor/act"));

  EXPECT_EQ(host_.listed("actor")["pid"], before["pid"]) << "it was up all the time";
  EXPECT_EQ(host_.listed("actor")["admission"], "Open");
}

TEST_F(StopCommands, a_route_is_meant_by_its_name_and_nothing_else_changes) {
  EXPECT_EQ(says({"disable", "actor/act"}), "actor/act is disabled\n");
  expect_refused({"call", "actor/act", "{}"}, "NotServing: \"actor/act\" is not served now: \"actor/act\" is disabled");
  EXPECT_TRUE(answers("actor/repeat"));
  EXPECT_EQ(route("actor/act")["admission"], "Disabled");
  EXPECT_EQ(route("actor/act")["turned_away"], 1);
  EXPECT_EQ(route("actor/repeat")["admission"], "Open");
  EXPECT_EQ(says({"enable", "actor"}),
            "actor is enabled; actor/act stays off by its own name: see `shunt inspect actor/act`\n");
  EXPECT_EQ(says({"enable", "actor/act"}), "actor/act is enabled\n");
  EXPECT_EQ(says({"enable", "actor"}), "actor is enabled\n");
  EXPECT_TRUE(answers("actor/act"));

  EXPECT_EQ(says({"drain", "stage.orders"}), "stage.orders is drained\n");
  expect_refused({"pub", "stage.orders", "{}"},
                 "NotServing: \"stage.orders\" is not served now: \"stage.orders\" is "
                 "drained");
  EXPECT_EQ(says({"stop", "stage.orders"}), "stage.orders is stopped\n");
  EXPECT_EQ(says({"enable", "stage.orders"}), "stage.orders is enabled, and is stopped: see `shunt restart`\n");
  EXPECT_EQ(says({"restart", "stage.orders"}), "stage.orders serves again\n");
  EXPECT_EQ(host_.shunt({"pub", "stage.orders", "{}"}).code, 0);
}

TEST_F(StopCommands, everything_is_meant_by_all) {
  EXPECT_EQ(says({"disable", "--all"}), "everything is disabled\n");
  EXPECT_FALSE(answers("actor/act"));
  EXPECT_FALSE(answers("partner/act"));
  EXPECT_EQ(says({"enable", "--all"}), "everything is enabled\n");
  EXPECT_EQ(says({"stop", "--all"}), "everything is stopped\n");
  EXPECT_EQ(host_.listed("actor")["state"], "Stopped");
  EXPECT_EQ(host_.listed("partner")["state"], "Stopped");
  EXPECT_EQ(says({"restart", "--all"}), "everything serves again\n");
  EXPECT_TRUE(answers("actor/act"));
  EXPECT_TRUE(answers("partner/act"));
  EXPECT_EQ(host_.ask({"drain", "--all"}), Json::parse(R"({"done":"drain","everything":true})"));
}

TEST_F(StopCommands, json_says_what_was_meant_and_how_it_stands_now) {
  EXPECT_EQ(host_.ask({"drain", "actor"}),
            Json::parse(R"({"done":"drain","plugin":"actor","state":"Active","admission":"Drained","routes_off":[]})"));
  EXPECT_EQ(host_.ask({"stop", "actor"}),
            Json::parse(R"({"done":"stop","plugin":"actor","state":"Stopped","admission":"Drained","routes_off":[]})"));
  EXPECT_EQ(
      host_.ask({"restart", "actor"}),
      Json::parse(R"({"done":"restart","plugin":"actor","state":"Active","admission":"Drained","routes_off":[]})"));
  EXPECT_EQ(host_.ask({"disable", "actor/act"}),
            Json::parse(R"({"done":"disable","route":"actor/act","admission":"Disabled"})"));
}

TEST_F(StopCommands, a_restart_of_what_is_off_says_that_it_stays_off) {
  EXPECT_EQ(says({"disable", "actor"}), "actor is disabled\n");

  EXPECT_EQ(says({"restart", "actor"}), "actor was restarted, and gets nothing new: see `shunt enable`\n");
  EXPECT_EQ(says({"switch", "actor", "2.0.0"}), "actor 2.0.0 serves\n");

  expect_refused({"call", "actor/act", "{}"}, "NotServing: ");
  EXPECT_EQ(says({"stop", "actor"}), "actor is stopped\n");
  EXPECT_EQ(says({"enable", "actor"}), "actor is enabled, and is stopped: see `shunt restart`\n");
}

TEST_F(StopCommands, a_running_plugin_is_restarted) {
  const Json before = host_.listed("actor");

  EXPECT_EQ(says({"restart", "actor"}), "actor serves again\n");

  EXPECT_NE(host_.listed("actor")["pid"], before["pid"]);
  EXPECT_EQ(host_.listed("actor")["crashes"], 0);
  EXPECT_TRUE(answers("actor/act"));
}

TEST_F(StopCommands, what_is_not_finished_within_the_timeout_is_said) {
  Process caller{SHUNT, {"call", "actor/act", order("Hang"), "--deadline-ms", "60000", "--socket", host_.socket()}};
  ASSERT_TRUE(await([&] { return host_.ask({"ls"})["in_flight"] == 1; }));

  expect_refused({"drain", "actor", "--timeout", "1"}, "DeadlineExceeded: actor 1.0.0");
  EXPECT_EQ(host_.listed("actor")["admission"], "Draining");
  const Ran stopped = host_.shunt({"stop", "actor", "--timeout", "1", "--json"});

  EXPECT_EQ(stopped.code, 1);
  EXPECT_EQ(stopped.error_code(), "DeadlineExceeded");
  EXPECT_THAT(stopped.errors, AllOf(HasSubstr("within 1 s: messages not done: 1, calls in flight: 1"),
                                    HasSubstr("it was ended with that")));
  EXPECT_EQ(host_.listed("actor")["state"], "Stopped");
  EXPECT_EQ(caller.finish().code, 1);
}

TEST_F(StopCommands, names_that_are_not_there_are_refused_with_the_one_that_was_meant) {
  for (const std::string command : {"stop", "drain", "disable", "enable", "restart"}) {
    expect_refused({command, "actr"}, "NoSuchPlugin: there is no plugin \"actr\": did you mean \"actor\"?");
    expect_refused({command, "actor/atc"}, "NoSuchRoute: there is no route \"actor/atc\": did you mean \"actor/act\"?");
    expect_refused({command, "nothing"}, "NoSuchPlugin: there is no plugin \"nothing\": see `shunt ls`");
  }
}

TEST_F(StopCommands, ls_and_events_show_what_is_off) {
  says({"disable", "actor"});
  says({"disable", "partner.news"});

  const Ran listed = host_.shunt({"ls"});

  EXPECT_THAT(listed.out, HasSubstr("Active, disabled"));
  EXPECT_THAT(listed.out, HasSubstr("\"actor\" is disabled"));
  EXPECT_THAT(listed.out, HasSubstr("\"partner.news\" is disabled"));
  EXPECT_EQ(host_.await_event("Disabled", "actor")["text"], "gets nothing new");
  EXPECT_EQ(host_.await_event("Disabled", "")["route"], "partner.news");
  EXPECT_THAT(host_.shunt({"inspect", "actor"}).out, HasSubstr("Disabled: gets nothing new"));
}

TEST_F(StopCommands, a_host_that_stands_still_is_given_up) {
  host_.process().signal(SIGSTOP);

  const Ran ran = host_.shunt({"stop", "actor", "--timeout", "1"});

  host_.process().signal(SIGCONT);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("DeadlineExceeded: the host has said nothing for 1000 ms"));
}

TEST_F(StopCommands, a_host_that_stands_still_in_the_middle_is_given_up) {
  Process call{SHUNT,
               {"call", "actor/act", R"({"deed":"UntilCancelled"})", "--deadline-ms", "3600000", "--timeout", "1",
                "--socket", host_.socket()}};
  ASSERT_TRUE(await([&] { return route("actor/act")["in_flight"] == 1; }));
  host_.process().signal(SIGSTOP);

  const Ran ran = call.finish();

  host_.process().signal(SIGCONT);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("DeadlineExceeded: the host has said nothing for 1000 ms"));
}

TEST_F(StopCommands, requests_that_make_no_sense_are_refused) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"command":"stop"})", "the request needs \"name\", a text"},
      {R"({"command":"drain","name":7})", "the request needs \"name\", a text"},
      {R"({"command":"drain","everything":false})", "\"everything\" is true, and stands without \"name\""},
      {R"({"command":"drain","everything":true,"name":"actor"})", "\"everything\" is true, and stands without"},
      {R"({"command":"stop","name":"actor","timeout_ms":0})", "\"timeout_ms\" is a whole number, 1 .. 3600000"},
      {R"({"command":"stop","name":"actor","timeout_ms":"soon"})", "\"timeout_ms\" is a whole number"},
  };
  for (const auto& [request, sentence] : wrong) {
    RawClient client{host_.socket()};
    ASSERT_TRUE(client.send(request));
    const Json answer = client.answer();
    EXPECT_EQ(answer["error"]["code"], "BadInput") << request;
    EXPECT_THAT(answer["error"]["message"].get<std::string>(), HasSubstr(sentence)) << request;
  }
  EXPECT_EQ(host_.listed("actor")["state"], "Active");
}

TEST_F(StopCommands, the_name_that_releases_before_gave_a_plugin_is_still_heard) {
  RawClient client{host_.socket()};
  ASSERT_TRUE(client.send(R"({"command":"stop","plugin":"partner"})"));

  EXPECT_EQ(client.answer()["result"]["state"], "Stopped");
}

}  // namespace
}  // namespace shunt::test
