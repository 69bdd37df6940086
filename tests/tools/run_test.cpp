/// run: a host from its host.toml to its end.
#include "running_host.hpp"

#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Run : public ProcessTest {
 protected:
  /// What `shunt run` says to a host.toml that it refuses, without the folder.
  std::string refusal(const std::string& text) {
    const auto file = folder_.write("host.toml", text).string();
    const Ran ran = shunt({"run", file, "--socket", folder_.path() / "host.sock"});
    EXPECT_EQ(ran.code, 1) << text << ran;
    EXPECT_EQ(ran.out, "") << text;
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "host.sock")) << text;
    std::string said = ran.errors;
    if (const auto at = said.find(file); at != std::string::npos) said.replace(at, file.size(), "host.toml");
    return said;
  }

  TemporaryDirectory folder_;
};

TEST_F(Run, a_host_toml_that_cannot_be_is_refused_with_its_place_and_what_was_meant) {
  const std::string start = "[trust]\nallow_unsigned = true\n[[plugin]]\npath = \"" ACTOR "\"\n";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"[host\n", "host.toml:1:"},
      {"[hots]\n", R"(host.toml:1:2: unknown key "hots" in the file; did you mean "host"?)"},
      {start + "instnaces = 1\n", R"(host.toml:5:1: unknown key "instnaces" in [[plugin]]; did you mean "instances"?)"},
      {start + "slots = \"many\"\n", "host.toml:5:9: slots is a string; a whole number is meant"},
      {start + "slots = 100\n", "host.toml:5:9: plugin[0].slots is 100"},
      {start + "wait = \"doze\"\n", R"(host.toml:5:8: wait is "doze"; one of "spin", )"},
      {start + "handler_max = \"5\"\n", "host.toml:5:15: handler_max: "},
      {start + "outbound = { \"256\" = 1 }\n", "host.toml:5:14: "},
      {start + "outbound = { \"256 B\" = 0 }\n", "host.toml:5:24: a size class is its size and how many chunks"},
      {start + "outbound = { \"8 EiB\" = 1 }\n", "host.toml:5:14: "},
      {start + "outbound = { \"1 MiB\" = 2000 }\n", "host.toml:5:12: plugin[0].outbound comes to "},
      {start + "sandbox = { memory = \"1 KiB\" }\n", "host.toml:5:22: plugin[0].sandbox.memory is 1 KiB"},
      {start + "[routes.\"actor/act\"]\nbacklog = -1\n", "host.toml:6:11: backlog is -1; a whole number from 0"},
      {start + "[routes.\"actor/act\"]\nread = \"twice\"\n", R"(host.toml:6:8: read is "twice"; one of "auto")"},
  };
  for (const auto& [text, sentence] : wrong)
    EXPECT_THAT(refusal(text), StartsWith("shunt: BadConfiguration: " + sentence)) << text;
}

TEST_F(Run, a_host_toml_that_is_not_there_is_named) {
  const Ran ran = shunt({"run", "/nonexistent/host.toml"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("/nonexistent/host.toml: No such file"));
}

TEST_F(Run, a_plugin_that_cannot_run_is_named_and_nothing_is_left) {
  const std::string unsigned_too = "[trust]\nallow_unsigned = true\n";

  EXPECT_THAT(refusal(unsigned_too + plugin("missing.so")), HasSubstr("missing.so: No such file"));
  EXPECT_THAT(refusal(unsigned_too + plugin("/etc/passwd")), HasSubstr("NotAPlugin: /etc/passwd: "));
  EXPECT_THAT(refusal(plugin(ACTOR)), HasSubstr("NotTrusted: " ACTOR ": nothing says that it may run; list sha256 = "));
  EXPECT_THAT(refusal(unsigned_too + plugin(ACTOR, "config = { trouble = 3 }")), HasSubstr("trouble"));
  EXPECT_THAT(refusal(unsigned_too + plugin(ACTOR, "config = { trouble = \"init fail\" }")),
              HasSubstr("init was told to fail"));
  EXPECT_THAT(refusal(unsigned_too + plugin(STUMBLER)), HasSubstr("exited by itself with code 3"));
  EXPECT_THAT(refusal(unsigned_too + plugin(ACTOR) + plugin(CONTRARY)), HasSubstr("SchemaMismatch: \"actor.news\""));
}

TEST_F(Run, files_of_trust_are_read_although_no_plugin_needs_them_yet) {
  EXPECT_THAT(refusal("[trust]\nkeys = [\"missing.pub\"]\n"), HasSubstr("missing.pub"));
}

TEST_F(Run, a_name_too_long_for_a_socket_is_refused_with_the_way_out) {
  const auto toml = folder_.write("host.toml", "[host]\nname = \"" + std::string(120, 'n') + "\"\n");

  EXPECT_THAT(shunt({"run", toml}).errors, HasSubstr("shorten it, or set admin_socket in [host]"));
}

TEST_F(Run, a_route_of_a_function_that_its_plugin_does_not_have_is_refused_with_the_one_that_was_meant) {
  const std::string start = "[trust]\nallow_unsigned = true\n" + plugin(ACTOR) + plugin(PARROT);

  EXPECT_THAT(refusal(start + "[routes.\"actor/atc\"]\nbacklog = 1\n"),
              StartsWith("shunt: BadConfiguration: host.toml:11:9: routes.\"actor/atc\": the plugin actor has no such "
                         "function; did you mean \"actor/act\"?"));
  EXPECT_THAT(refusal(start + "[routes.\"parrot/whistle\"]\nbacklog = 1\n"),
              StartsWith("shunt: BadConfiguration: host.toml:11:9: routes.\"parrot/whistle\": the plugin parrot has no "
                         "such function; known here: parrot/repeat"));
  EXPECT_THAT(refusal(start + "[routes.\"actor/act\"]\n[routes.\"actor/repaet\"]\n"),
              HasSubstr("host.toml:12:9: routes.\"actor/repaet\""));
}

TEST_F(Run, a_route_that_no_configured_plugin_has_is_an_event_as_its_plugin_may_join_by_hand) {
  RunningHost host{{plugin(ACTOR), "[routes.\"stage.ordres\"]\nbacklog = 1\n",
                    "[routes.\"partner/act\"]\nbacklog = 1\n", "[routes.\"stage.orders\"]\nbacklog = 1\n"}};

  const Json events = host.ask({"inspect"})["events"];

  EXPECT_EQ(events[0]["kind"], "RouteUndeclared");
  EXPECT_THAT(events[0]["text"].get<std::string>(),
              HasSubstr("host.toml:10:9: routes.\"stage.ordres\" is of no configured plugin (did you mean "
                        "\"stage.orders\"?): it is for one that joins by hand"));
  EXPECT_EQ(events[1]["kind"], "RouteUndeclared");
  EXPECT_THAT(events[1]["text"].get<std::string>(), HasSubstr("routes.\"partner/act\" is of no configured plugin"));
  EXPECT_EQ(events[2]["kind"], "Started");
  EXPECT_EQ(host.end().code, 0);
}

TEST_F(Run, the_events_of_a_host_say_how_a_plugin_ended) {
  const auto toml =
      folder_.write("host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + plugin(ACTOR));
  const std::string socket = folder_.path() / "h.sock";
  Process host{SHUNT, {"run", toml, "--json"}};
  ASSERT_TRUE(await([&] { return shunt({"ls", "--socket", socket}).code == 0; }));

  EXPECT_EQ(shunt({"call", "actor/act", order("Abort"), "--socket", socket}).code, 1);

  host.signal(SIGTERM);
  const Ran ran = host.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  std::vector<Json> crashes;
  std::istringstream lines{ran.out};
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line); event.contains("crash")) crashes.push_back(event);
  ASSERT_EQ(crashes.size(), 1u) << ran;
  EXPECT_EQ(crashes[0]["kind"], "Ended");
  EXPECT_EQ(crashes[0]["crash"]["kind"], "Abort");
  EXPECT_EQ(crashes[0]["crash"]["signal"], SIGABRT);
}

TEST_F(Run, the_events_of_a_host_say_what_its_plugins_did_as_it_ended) {
  RunningHost host{{plugin(ACTOR, R"(config = { trouble = "cleanup crash" })")}};

  const Ran ran = host.end(SIGTERM);

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, testing::ContainsRegex(R"("Ended","plugin":"actor"[^}]*signal 11)"));
}

TEST_F(Run, a_plugin_that_still_starts_when_its_host_ends_has_not_crashed) {
  RunningHost host{{plugin(ACTOR, R"(restart = { delay = "1 ms" })")}};
  EXPECT_EQ(host.shunt({"call", "actor/act", order("Abort")}).code, 1);

  const Ran ran = host.end(SIGTERM);

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("Unseen")));
}

TEST_F(Run, a_launcher_that_is_another_program_is_said_to_be_one) {
  for (const std::string program : {"/bin/true", "/bin/cat"})
    EXPECT_THAT(refusal("[host]\nlauncher = \"" + program + "\"\n[trust]\nallow_unsigned = true\n" + plugin(ACTOR)),
                testing::AllOf(HasSubstr("actor 1.0.0"), HasSubstr(program + " ended without a word"),
                               HasSubstr("set `launcher`")));
}

class Ending : public Run, public testing::WithParamInterface<int> {};

TEST_P(Ending, a_signal_ends_the_host_in_order_and_leaves_no_process_and_no_socket) {
  RunningHost host{{plugin(ACTOR), plugin(PARTNER)}};
  const auto pid = host.listed("actor")["pid"].get<pid_t>();

  const Ran ran = host.end(GetParam());

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.errors, "");
  EXPECT_NE(::kill(pid, 0), 0) << "its plugin has gone";
  EXPECT_FALSE(std::filesystem::exists(host.socket()));
}

TEST_P(Ending, a_signal_ends_a_host_that_still_waits_for_a_plugin_to_start) {
  const auto slow = plugin(ACTOR, R"(config = { trouble = "init hang" }
deadlines = { init = "600 s", cleanup = "100 ms" })");
  const auto toml =
      folder_.write("host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + slow);
  Process host{SHUNT, {"run", toml}};
  ASSERT_TRUE(await([&] { return std::filesystem::exists(folder_.path() / "h.sock"); }));

  host.signal(GetParam());

  const Ran ran = host.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.errors, "");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "h.sock"));
}

TEST_P(Ending, a_second_signal_ends_a_host_at_once_that_still_waits_for_a_handler) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "tsan keeps a signal until its thread makes a call that tsan knows, and this one sleeps in "
                  "std::atomic::wait, which it does not";
#endif
  RunningHost host{
      {plugin(ACTOR, "handler_max = \"60 min\"\ngrace = \"60 min\"\ndeadlines = { drain = \"60 min\" }\n")}};
  const auto pid = host.listed("actor")["pid"].get<pid_t>();
  Process caller{SHUNT, {"call", "actor/act", order("Hang"), "--deadline-ms", "60000", "--socket", host.socket()}};
  ASSERT_TRUE(await([&] { return host.ask({"ls"})["in_flight"] == 1; }));
  host.process().signal(GetParam());
  ASSERT_TRUE(await([&] { return host.listed("actor")["state"] == "Draining"; })) << "it waits";

  const Ran ran = host.end(GetParam());

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_NE(::kill(pid, 0), 0) << "its plugin has gone";
  EXPECT_EQ(caller.finish().code, 1);
  EXPECT_FALSE(std::filesystem::exists(host.socket()));
}

TEST_P(Ending, a_second_signal_ends_a_host_at_once_that_still_waits_for_a_start) {
  const auto slow = plugin(ACTOR, R"(config = { trouble = "init hang" }
deadlines = { init = "60 min", cleanup = "60 min" })");
  const auto toml =
      folder_.write("host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + slow);
  Process host{SHUNT, {"run", toml}};
  ASSERT_TRUE(await([&] { return std::filesystem::exists(folder_.path() / "h.sock"); }));

  host.signal(GetParam());
  host.signal(GetParam() == SIGINT ? SIGTERM : SIGINT);  // two of one number at a time may be one

  const Ran ran = host.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.errors, "");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "h.sock"));
}

INSTANTIATE_TEST_SUITE_P(Signals, Ending, testing::Values(SIGINT, SIGTERM),
                         [](const auto& of) { return std::string(of.param == SIGINT ? "SIGINT" : "SIGTERM"); });

TEST_F(Run, a_signal_ends_the_host_while_a_call_hangs_and_a_client_listens) {
  RunningHost host{{plugin(ACTOR)}};
  Process caller{SHUNT, {"call", "actor/act", order("Hang"), "--deadline-ms", "60000", "--socket", host.socket()}};
  Process listener{SHUNT, {"echo", "actor.news", "--socket", host.socket()}};
  listener.read_error_line();
  ASSERT_TRUE(await([&] { return host.ask({"ls"})["in_flight"] == 1; }));

  const Ran ran = host.end();

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(caller.finish().code, 1);
  EXPECT_EQ(listener.finish().code, 1);
}

TEST_F(Run, a_host_that_was_started_without_standard_input_output_and_errors_serves) {
  const auto toml =
      folder_.write("host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + plugin(ACTOR));
  const std::string socket = folder_.path() / "h.sock";
  Process host{"/bin/sh", {"-c", "exec \"$0\" run \"$1\" <&- >&- 2>&-", SHUNT, toml}};

  ASSERT_TRUE(await([&] { return shunt({"ls", "--socket", socket}).code == 0; }));

  EXPECT_EQ(shunt({"call", "actor/act", order("Echo", 7), "--socket", socket}).code, 0);
  host.signal(SIGTERM);
  EXPECT_EQ(host.finish().code, 0);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(Run, a_killed_host_takes_its_plugins_along) {
  RunningHost host{{plugin(ACTOR), plugin(PARTNER)}};

  EXPECT_EQ(host.end(SIGKILL).signal, SIGKILL);  // nobody holds its output any more: they have ended too

  const Ran asked = host.shunt({"ls"});
  EXPECT_EQ(asked.code, 1);
  EXPECT_THAT(asked.errors, HasSubstr("HostGone: no host listens on " + host.socket()));
}

TEST_F(Run, what_happens_is_printed_for_people_and_as_objects) {
  RunningHost json{{plugin(PARTNER)}};
  const Json started = Json::parse(json.process().read_line());
  const Json active = Json::parse(json.process().read_line());
  EXPECT_EQ(started["kind"], "Started");
  EXPECT_EQ(active["kind"], "Active");
  EXPECT_EQ(active["plugin"], "partner");
  EXPECT_EQ(json.shunt({"stop", "partner"}).code, 0);
  const Ran ended = json.end();
  EXPECT_THAT(ended.out, HasSubstr("\"kind\":\"Stopped\""));
  EXPECT_THAT(ended.out, HasSubstr("\"kind\":\"Ended\""));

  const auto toml = folder_.write("host.toml", "[host]\nname = \"quiet\"\nadmin_socket = \"h.sock\"\n");
  Process people{SHUNT, {"run", toml}};
  EXPECT_EQ(people.read_line(), "host quiet listens on " + (folder_.path() / "h.sock").string());
  people.signal(SIGTERM);
  EXPECT_EQ(people.finish().code, 0);
}

TEST_F(Run, the_socket_of_the_command_line_counts_more_than_that_of_the_file) {
  const auto toml = folder_.write("host.toml", "[host]\nadmin_socket = \"file.sock\"\n");
  const std::string socket = folder_.path() / "line.sock";
  Process host{SHUNT, {"run", toml, "--socket", socket, "--json"}};

  EXPECT_EQ(Json::parse(host.read_line())["socket"], socket);
  EXPECT_EQ(shunt({"ls", "--socket", socket}).code, 0);
  host.signal(SIGTERM);
  EXPECT_EQ(host.finish().code, 0);
}

/// `shunt run` whose output is a pipe that somebody else than Process reads.
class PipedHost {
 public:
  PipedHost(const std::string& toml, int output) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    std::string words[] = {SHUNT, "run", toml};
    char* const arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    if (::posix_spawn(&pid_, SHUNT, &actions, nullptr, arguments, environ) != 0) throw std::runtime_error("no host");
    ::posix_spawn_file_actions_destroy(&actions);
  }
  /// Its wait status after SIGTERM; -1 when it does not end.
  [[nodiscard]] int end() const {
    int status = -1;
    ::kill(pid_, SIGTERM);
    if (!await([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) ::kill(pid_, SIGKILL);
    return status;
  }

 private:
  pid_t pid_ = 0;
};

TEST_F(Run, a_reader_of_its_output_that_stands_still_does_not_keep_the_host_from_ending) {
  const auto toml = folder_.write(
      "host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + plugin(PARTNER));
  const std::string socket = folder_.path() / "h.sock";
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_GT(::fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
  const PipedHost host{toml, ends[1]};
  ASSERT_TRUE(await([&] { return shunt({"ls", "--socket", socket}).code == 0; }));
  for (int i = 0; i < 30; ++i) {  // far more events than the pipe holds
    ASSERT_EQ(shunt({"stop", "partner", "--socket", socket}).code, 0);
    ASSERT_EQ(shunt({"restart", "partner", "--socket", socket}).code, 0);
  }

  EXPECT_EQ(host.end(), 0);

  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Run, a_reader_of_its_output_that_leaves_does_not_end_the_host) {
  const auto toml = folder_.write(
      "host.toml", "[trust]\nallow_unsigned = true\n[host]\nadmin_socket = \"h.sock\"\n" + plugin(PARTNER));
  const std::string socket = folder_.path() / "h.sock";
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const PipedHost host{toml, ends[1]};
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(await([&] { return shunt({"ls", "--socket", socket}).code == 0; }));

  EXPECT_EQ(shunt({"stop", "partner", "--socket", socket}).code, 0);
  EXPECT_EQ(shunt({"ls", "--socket", socket}).code, 0);

  EXPECT_EQ(host.end(), 0);
}

}  // namespace
}  // namespace shunt::test
