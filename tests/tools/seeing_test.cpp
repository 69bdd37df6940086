/// ls, inspect and version.
#include "running_host.hpp"

#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Seeing : public ProcessTest {
 protected:
  RunningHost host_{{plugin(ACTOR, "handler_max = \"60 min\""), plugin(ACTOR_2), plugin(PARTNER)}};
};

Json route_named(const Json& listed, const std::string& name) {
  for (const Json& each : listed["routes"])
    if (each["route"] == name) return each;
  return {};
}

/// The signal is on its way for a while, thread by thread.
bool all_threads_stopped(pid_t pid) {
  for (const auto& task : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", pid)}) {
    std::ifstream status{task.path() / "stat"};
    std::string line;
    std::getline(status, line);
    if (line.find(") T ") == std::string::npos) return false;
  }
  return true;
}

TEST_F(Seeing, ls_lists_plugins_with_their_processes_and_routes_with_their_receivers) {
  const Json listed = host_.ask({"ls"});

  EXPECT_EQ(listed["host"], "stage");
  ASSERT_EQ(listed["plugins"].size(), 2u);
  const Json actor = host_.listed("actor");
  EXPECT_THAT(actor["version"].get<std::string>(), MatchesRegex("1\\.0\\.0\\+[0-9a-f]{8}\\+abi-v1"));
  EXPECT_EQ(actor["state"], "Active");
  EXPECT_EQ(::kill(actor["pid"].get<pid_t>(), 0), 0) << "that process lives";
  EXPECT_EQ(actor["trust"], "Unsigned");
  const Json act = route_named(listed, "actor/act");
  EXPECT_EQ(act["kind"], "function");
  EXPECT_EQ(act["request"], "stage.Order");
  EXPECT_EQ(act["reply"], "stage.Outcome");
  const Json orders = route_named(listed, "stage.orders");
  EXPECT_EQ(orders["kind"], "topic");
  EXPECT_EQ(orders["receivers"].size(), 2u);
}

TEST_F(Seeing, ls_shows_people_the_same_in_columns) {
  const Ran ran = host_.shunt({"ls"});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.out, HasSubstr("host stage, 0 calls in flight, route table "));
  EXPECT_THAT(ran.out, HasSubstr("\nPLUGIN   VERSION "));
  EXPECT_THAT(ran.out, HasSubstr("\npartner  1.0.0+"));
  EXPECT_THAT(ran.out, HasSubstr("\nactor/act     function  stage.Order -> stage.Outcome  0 of 1000  0        -        "
                                 "actor           open\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nstage.orders  topic     stage.Order                   -          -        -        "
                                 "actor, partner  open\n"));
  EXPECT_THAT(ran.out, ContainsRegex("\nINBOUND POOL +CHUNKS +IN USE +NO CHUNK\n.*\nactor +328 +0 +0\n"));
}

TEST_F(Seeing, inspect_shows_a_plugin_an_instance_and_their_events) {
  const Json plugin = host_.ask({"inspect", "actor"});
  const Json instance = host_.ask({"inspect", "1"});

  EXPECT_EQ(plugin["kind"], "plugin");
  ASSERT_EQ(plugin["instances"].size(), 1u);
  EXPECT_EQ(plugin["instances"][0]["plugin"], "actor");
  ASSERT_EQ(plugin["events"].size(), 2u);
  EXPECT_EQ(plugin["events"][0]["kind"], "Started");
  EXPECT_EQ(plugin["events"][1]["kind"], "Active");
  EXPECT_EQ(instance["kind"], "instance");
  EXPECT_EQ(instance["instances"][0]["instance"], 1);
  EXPECT_THAT(host_.shunt({"inspect", "actor"}).out, HasSubstr(" actor 1.0.0+"));
}

TEST_F(Seeing, ls_and_inspect_show_what_a_plugin_holds_and_what_is_in_flight_to_it) {
  const auto instance = host_.listed("actor")["instance"].dump();
  ASSERT_TRUE(await([&] { return host_.listed("actor")["pid"] != 0; }));
  const auto pid = host_.listed("actor")["pid"].get<pid_t>();
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  ASSERT_TRUE(await([&] { return all_threads_stopped(pid); }));
  const auto large = fmt::format(R"({{"deed":"Echo","text":"{}"}})", std::string(1000, 't'));
  ASSERT_EQ(host_.shunt({"call", "actor/act", large, "--deadline-ms", "1"}).code, 1);

  const Json listed = host_.ask({"ls"});
  const Json quotas = host_.ask({"inspect", instance})["instances"][0]["quotas"];
  const Ran people = host_.shunt({"inspect", instance});

  ::kill(pid, SIGCONT);
  EXPECT_EQ(route_named(listed, "actor/act")["in_flight"], 1);
  EXPECT_EQ(route_named(listed, "actor/act")["in_flight_max"], 1000);
  EXPECT_EQ(listed["plugins"][0]["says"]["refused"], 0);
  EXPECT_EQ(quotas["compartment"], "actor");
  const Json& inbound = quotas["inbound"][1];
  EXPECT_EQ(inbound["bytes"], 4096);
  EXPECT_EQ(inbound["chunks"], 64);
  EXPECT_EQ(inbound["in_use"], 1);
  EXPECT_EQ(inbound["held"], 1);
  EXPECT_EQ(inbound["cap"], 28);
  const Json& outbound = quotas["outbound"][2];
  EXPECT_EQ(outbound["bytes"], 65536);
  EXPECT_EQ(outbound["plugin"], 8);
  EXPECT_EQ(outbound["says"], (Json{{"loaned", 0}, {"refused", 0}}));
  const Json act = quotas["routes"][0];
  EXPECT_EQ(act["route"], "actor/act");
  EXPECT_EQ(act["in_flight"], 1);
  EXPECT_EQ(act["abandoned"], 1);
  EXPECT_EQ(act["backlog"], 50);
  EXPECT_EQ(quotas["calls"], (Json::array({{{"route", "partner/act"}, {"in_flight", 0}}})));
  EXPECT_THAT(people.out, ContainsRegex("\nOUTBOUND +CHUNKS +HOST +READERS +PLUGIN +SAYS LOANED +SAYS REFUSED\n"
                                        "256 B +256 +0 +0 +256 +0 +0\n"));
  EXPECT_THAT(people.out, ContainsRegex("\nINBOUND +CHUNKS +IN USE +NO CHUNK +CAP +HELD +OVER CAP\n"
                                        "256 B [^\n]*\n4096 B +64 +1 +0 +28 +1 +0\n"));
  EXPECT_THAT(people.out, ContainsRegex("\nactor/act +1 +1000 +0 +0 +0 +1 +0 +50 +0 +0 +0\n"));
  EXPECT_THAT(people.out, ContainsRegex("\nCALLS +IN FLIGHT\npartner/act +0\n"));
}

TEST_F(Seeing, inspect_shows_every_version_of_a_plugin_with_its_file) {
  ASSERT_EQ(host_.shunt({"stop", "partner"}).code, 0);  // it calls no other version
  ASSERT_EQ(host_.shunt({"switch", "actor", "2.0.0"}).code, 0);

  const Json versions = host_.ask({"inspect", "actor"})["versions"];
  const Ran people = host_.shunt({"inspect", "actor"});

  ASSERT_EQ(versions.size(), 2u);
  EXPECT_THAT(versions[0]["version"].get<std::string>(), StartsWith("1.0.0+"));
  EXPECT_EQ(versions[0]["file"], ACTOR);
  EXPECT_EQ(versions[0]["serves"], false);
  EXPECT_THAT(versions[1]["version"].get<std::string>(), StartsWith("2.0.0+"));
  EXPECT_EQ(versions[1]["file"], ACTOR_2);
  EXPECT_EQ(versions[1]["serves"], true);
  EXPECT_THAT(people.out, StartsWith("VERSION "));
  EXPECT_THAT(people.out, ContainsRegex("\n2\\.0\\.0\\+[^ ]* +yes +" ACTOR_2 "\n"));
  const auto instance = host_.listed("actor")["instance"].dump();
  EXPECT_FALSE(host_.ask({"inspect", instance}).contains("versions")) << "an instance is of one";
}

TEST_F(Seeing, inspect_shows_how_a_plugin_ended_after_its_next_instance_serves) {
  ASSERT_EQ(host_.shunt({"call", "actor/act", order("Crash")}).code, 1);
  ASSERT_TRUE(await([&] { return host_.listed("actor")["state"] == "Active"; }));

  const Json crash = host_.ask({"inspect", "actor"})["crash"];
  const Json ended = host_.ask({"inspect", "1"});
  const Json serving = host_.ask({"inspect", host_.listed("actor")["instance"].dump()});
  const Ran people = host_.shunt({"inspect", "1"});

  EXPECT_EQ(crash["kind"], "Signal");
  EXPECT_EQ(crash["signal"], 11);
  EXPECT_EQ(crash["exit_code"], nullptr);
  EXPECT_EQ(crash["last"]["route"], "actor/act");
  EXPECT_EQ(crash["last"]["in_hand"], true);
  EXPECT_EQ(crash["says_the_plugin"]["address"], "0x10");
  EXPECT_THAT(crash["says_the_plugin"]["backtrace"].dump(), HasSubstr("Actor::"));
  EXPECT_EQ(ended["kind"], "instance");
  EXPECT_EQ(ended["crash"], crash);
  EXPECT_TRUE(ended["instances"].empty());
  EXPECT_EQ(ended["events"].back()["crash"], crash);
  EXPECT_EQ(serving["crash"], nullptr) << "that is another instance";
  EXPECT_THAT(people.out, StartsWith("LAST CRASH       actor 1.0.0+"));
  EXPECT_THAT(people.out, HasSubstr("\nKIND             Signal (PluginCrashed)\n"));
  EXPECT_THAT(people.out, HasSubstr("\nSAYS THE PLUGIN  signal 11 at address 0x10 in thread shunt-serve\n"));
  EXPECT_THAT(people.out, ContainsRegex("\n +at .*Actor::.* \\+0x"));
}

TEST_F(Seeing, ls_counts_how_plugins_ended_by_kind) {
  ASSERT_EQ(host_.shunt({"call", "actor/act", order("Crash")}).code, 1);
  ASSERT_EQ(host_.shunt({"call", "actor/act", order("Exit", 3)}).code, 1);
  ASSERT_EQ(host_.shunt({"call", "actor/act", order("Throw")}).code, 1);

  const Json actor = host_.listed("actor");

  EXPECT_EQ(actor["crashes"], 2);
  EXPECT_EQ(actor["crash_kinds"]["Signal"], 1);
  EXPECT_EQ(actor["crash_kinds"]["Exit"], 1);
  EXPECT_EQ(actor["crash_kinds"]["Hang"], 0);
  EXPECT_EQ(actor["exceptions"], 1);
  EXPECT_THAT(host_.shunt({"ls"}).out, HasSubstr(" 2 (1 Signal, 1 Exit) "));
}

TEST_F(Seeing, inspect_shows_the_schemas_of_a_file_as_everything_names_them) {
  const Json file = shunt({"inspect", ACTOR, "--json"}).json();
  const Ran people = shunt({"inspect", ACTOR});

  const auto is_schema = MatchesRegex("[0-9a-f]{16}");
  for (const Json& topic : file["topics_out"]) {
    EXPECT_THAT(topic["schema"].get<std::string>(), is_schema);
    EXPECT_THAT(people.out, HasSubstr(topic["schema"].get<std::string>()));
  }
  ASSERT_FALSE(file["functions"].empty());
  for (const Json& function : file["functions"]) {
    EXPECT_THAT(function["request_schema"].get<std::string>(), is_schema);
    EXPECT_THAT(people.out, HasSubstr(function["request_schema"].get<std::string>() + " -> " +
                                      function["reply_schema"].get<std::string>()));
  }
}

TEST_F(Seeing, inspect_shows_a_route) {
  const Json route = host_.ask({"inspect", "actor/act"});

  EXPECT_EQ(route["route"], "actor/act");
  EXPECT_EQ(route["receivers"][0]["plugin"], "actor");
  EXPECT_THAT(host_.shunt({"inspect", "actor/act"}).out, HasSubstr("\nactor     1.0.0+"));
}

TEST_F(Seeing, inspect_without_a_name_shows_the_events_of_the_host) {
  EXPECT_EQ(host_.ask({"inspect"})["events"].size(), 4u);
  EXPECT_THAT(host_.shunt({"inspect"}).out, HasSubstr(" partner 1.0.0+"));
}

TEST_F(Seeing, inspect_of_what_is_not_there_is_refused) {
  for (const char* name : {"actors", "77", "actor/acts", "-"}) {
    const Ran ran = host_.shunt({"inspect", name});

    EXPECT_EQ(ran.code, 1) << name;
    EXPECT_THAT(ran.errors, HasSubstr(std::string("NoSuchPlugin: there is no plugin, route or instance \"") + name +
                                      "\": see `shunt ls`"));
  }
}

TEST_F(Seeing, inspect_shows_a_plugins_file_without_a_host) {
  const Ran json = shunt({"inspect", PARROT, "--json"});
  const Ran people = shunt({"inspect", PARROT});

  EXPECT_EQ(json.code, 0);
  const Json file = json.json();
  EXPECT_EQ(file["kind"], "file");
  EXPECT_EQ(file["plugin"], "parrot");
  EXPECT_EQ(file["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(file["tool_chain"], CXX_TOOL_CHAIN);
  EXPECT_EQ(file["functions"][0]["reply"], "echoes.Echo");
  EXPECT_EQ(people.code, 0);
  EXPECT_THAT(people.out, HasSubstr("\nTOOL CHAIN  " CXX_TOOL_CHAIN "\n"));
  EXPECT_THAT(people.out, HasSubstr("\nfunction   repeat          words.Phrase -> echoes.Echo  "));
  EXPECT_THAT(people.out, HasSubstr("\nconfig     suffix          string, default \"\"\n"));
}

TEST_F(Seeing, inspect_refuses_a_file_that_is_no_plugin_and_names_it) {
  const Ran missing = shunt({"inspect", "/nonexistent/libmomentum.so"});
  const Ran foreign = shunt({"inspect", "/etc/passwd"});
  const Ran without_note = shunt({"inspect", NO_NOTE});

  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.errors, HasSubstr("/nonexistent/libmomentum.so: No such file"));
  EXPECT_EQ(foreign.code, 1);
  EXPECT_THAT(foreign.errors, HasSubstr("NotAPlugin: /etc/passwd: it is not an ELF file"));
  EXPECT_EQ(without_note.code, 1);
  EXPECT_THAT(without_note.errors, HasSubstr("without Shunt's note"));
}

TEST_F(Seeing, version_tells_of_this_program_and_of_the_host) {
  const Json answer = host_.ask({"version"});

  EXPECT_EQ(answer["version"], SHUNT_VERSION);
  EXPECT_EQ(answer["host"]["host"], "stage");
  EXPECT_EQ(answer["host"]["version"], SHUNT_VERSION);
  EXPECT_EQ(answer["host"]["pid"], host_.process().pid());
  EXPECT_THAT(host_.shunt({"version"}).out, HasSubstr("\nhost stage: " SHUNT_VERSION));
}

TEST_F(Seeing, version_of_a_host_that_was_named_and_is_not_there_fails) {
  const Ran ran = shunt({"version", "--socket", "/nonexistent/host.sock"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("no host listens on /nonexistent/host.sock"));
}

TEST_F(Seeing, a_host_that_stands_still_is_not_waited_for_without_end) {
  host_.process().signal(SIGSTOP);

  for (const Words& asked :
       {Words{"ls"}, Words{"version"}, Words{"call", "actor/act", "{}"}, Words{"echo", "actor.news"}}) {
    Words words = asked;
    words.insert(words.end(), {"--timeout", "1"});

    const Ran ran = host_.shunt(words);

    EXPECT_EQ(ran.code, 1) << testing::PrintToString(asked);
    EXPECT_THAT(ran.errors, StartsWith("shunt: DeadlineExceeded: the host has said nothing for 1000 ms: "));
    EXPECT_THAT(ran.errors, HasSubstr("--timeout waits longer"));
  }
  host_.process().signal(SIGCONT);
  EXPECT_EQ(host_.shunt({"ls"}).code, 0);
}

TEST_F(Seeing, what_plugins_do_is_waited_for_longer_than_the_timeout) {
  Process caller{
      SHUNT,
      {"call", "actor/act", order("Hang"), "--deadline-ms", "1500", "--timeout", "1", "--socket", host_.socket()}};

  EXPECT_THAT(caller.finish().errors, HasSubstr("DeadlineExceeded: \"actor/act\""));
}

}  // namespace
}  // namespace shunt::test
