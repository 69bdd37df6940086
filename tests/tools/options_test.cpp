/// What is said on the command line: help, and what is misused.
#include "running_host.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CommandLine : public ProcessTest {};

const Words kCommands = {"run",     "plan",  "ls",     "call",    "pub",    "echo",    "switch",
                         "route",   "stop",  "drain",  "disable", "enable", "restart", "clock",
                         "inspect", "audit", "doctor", "compat",  "new",    "version"};

TEST_F(CommandLine, help_lists_every_command_and_how_a_host_is_found) {
  const Ran ran = shunt({"--help"});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.errors, "");
  for (const std::string& command : kCommands) EXPECT_THAT(ran.out, HasSubstr("\n  " + command + " "));
  EXPECT_THAT(ran.out, HasSubstr("\n  bench "));
  EXPECT_THAT(ran.out, HasSubstr("$SHUNT_SOCKET"));
}

TEST_F(CommandLine, help_is_a_word_as_well) {
  EXPECT_EQ(shunt({"help"}).out, shunt({"--help"}).out);
  EXPECT_EQ(shunt({"help", "ls"}).out, shunt({"ls", "--help"}).out);
  const Ran bridge = shunt({"bridge", "--help"});
  EXPECT_EQ(bridge.code, 0);
  EXPECT_THAT(bridge.out, HasSubstr("shunt bridge dds"));
  EXPECT_EQ(shunt({"bridge"}).code, 2);
}

TEST_F(CommandLine, the_help_of_each_command_shows_an_example_of_it_and_what_it_shares_with_the_others) {
  for (const std::string& command : kCommands) {
    const Ran ran = shunt({command, "--help"});

    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_EQ(ran.errors, "") << command;
    EXPECT_THAT(ran.out, HasSubstr("Usage: shunt " + command));
    EXPECT_THAT(ran.out, HasSubstr("Example: shunt " + command));
    EXPECT_THAT(ran.out, HasSubstr("--socket PATH"));
    EXPECT_THAT(ran.out, HasSubstr("--json"));
  }
}

TEST_F(CommandLine, what_nobody_could_mean_exits_with_2_and_a_sentence_on_stderr) {
  const std::vector<std::pair<Words, std::string>> misuses = {
      {{}, "A subcommand is required"},
      {{"lst"}, "there is no command \"lst\": see shunt --help"},
      {{"ls", "more"}, "not expected: more"},
      {{"ls", "--colour"}, "not expected: --colour"},
      {{"run"}, "host.toml is required"},
      {{"plan"}, "host.toml is required"},
      {{"call", "actor/act"}, "JSON is required"},
      {{"call", "actor/act", "{}", "--deadline-ms", "0"}, "--deadline-ms: Value 0 not in range 1 to 3600000"},
      {{"call", "actor/act", "{}", "--deadline-ms", "soon"}, "--deadline-ms"},
      {{"pub"}, "TOPIC is required"},
      {{"echo", "actor.news", "--count", "0"}, "--count: Value 0 not in range 1 to 1000000000"},
      {{"echo", "actor.news", "--count", "-1"}, "--count"},
      {{"switch", "actor"}, "VERSION is required"},
      {{"stop"}, "NAME or --all is required"},
      {{"drain"}, "NAME or --all is required"},
      {{"disable"}, "NAME or --all is required"},
      {{"enable"}, "NAME or --all is required"},
      {{"restart"}, "NAME or --all is required"},
      {{"stop", "actor", "--all"}, "--all"},
      {{"stop", "actor", "--timeout", "0"}, "--timeout: 0: whole seconds are meant, from 1 to 3600"},
      {{"ls", "--socket"}, "--socket"},
      {{"ls", "--timeout", "5.5"}, "--timeout: 5.5: whole seconds are meant"},
      {{"ls", "--timeout", "0"}, "--timeout: 0: whole seconds are meant, from 1 to 3600"},
      {{"--json", "bench"}, "say bench first"},
      {{"--json", "bridge", "iceoryx"}, "say bridge first"},
      {{"--json", "bench", "stream", "--bytes", "64"}, "say bench first"},
  };
  for (const auto& [arguments, sentence] : misuses) {
    const Ran ran = shunt(arguments);

    EXPECT_EQ(ran.code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(ran.out, "") << testing::PrintToString(arguments);
    EXPECT_THAT(ran.errors, HasSubstr(sentence));
  }
}

TEST_F(CommandLine, a_command_that_lacks_an_argument_names_the_program_and_shows_an_example) {
  EXPECT_EQ(shunt({"call", "actor/act"}).errors,
            "shunt: JSON is required\nsay for example: shunt call risk/check '{\"quantity\": 3, \"price\": 10.5}'\n"
            "see shunt call --help\n");
  EXPECT_EQ(
      shunt({"echo", "actor.news", "--count", "0"}).errors,
      "shunt: --count: Value 0 not in range 1 to 1000000000\nsay for example: shunt echo market.signals --count 10\n"
      "see shunt echo --help\n");
  EXPECT_EQ(shunt({}).errors, "shunt: A subcommand is required\nsee shunt --help\n");
}

TEST_F(CommandLine, options_of_all_commands_may_stand_before_or_behind_a_command) {
  RunningHost host{{plugin(PARTNER)}};

  const Ran before = shunt({"--json", "--socket", host.socket(), "version"});
  const Ran behind = shunt({"version", "--json", "--socket", host.socket()});

  EXPECT_EQ(before.code, 0);
  EXPECT_EQ(before.json(), behind.json());
  EXPECT_EQ(host.end().code, 0);
}

TEST_F(CommandLine, the_version_can_be_asked_for_as_an_option_too) {
  EXPECT_EQ(shunt({"--version"}).out, "shunt " SHUNT_VERSION "\n");
}

TEST_F(CommandLine, a_failure_is_a_sentence_for_people_and_an_object_with_json) {
  const Words nobody = {"ls", "--socket", "/nonexistent/host.sock"};
  Words with_json = nobody;
  with_json.emplace_back("--json");

  const Ran people = shunt(nobody);
  const Ran json = shunt(with_json);

  EXPECT_EQ(people.code, 1);
  EXPECT_EQ(people.out, "");
  EXPECT_THAT(people.errors, StartsWith("shunt: HostGone: no host listens on /nonexistent/host.sock: start one"));
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(json.out, "");
  EXPECT_EQ(json.error_code(), "HostGone");
}

TEST_F(CommandLine, output_that_cannot_be_written_is_a_failure) {
  const auto into_nowhere = [](const std::string& where, Words words) {
    words.insert(words.begin(), {"-c", "exec \"$0\" \"$@\" " + where, SHUNT});
    return run("/bin/sh", words);
  };
  RunningHost host{{plugin(ACTOR)}};
  const Words version = {"version", "--socket", host.socket()};

  for (const std::string where : {">/dev/full", ">&-"}) {
    const Ran ran = into_nowhere(where, version);

    EXPECT_EQ(ran.code, 1) << where;
    EXPECT_THAT(ran.errors, HasSubstr("the output cannot be written")) << where;
    EXPECT_EQ(into_nowhere(where, {"--help"}).code, 1) << where;
  }
  EXPECT_EQ(into_nowhere(">/dev/null", version).code, 0);
  EXPECT_EQ(host.end().code, 0);
}

TEST_F(CommandLine, an_echo_whose_output_cannot_be_written_ends) {
  RunningHost host{{plugin(ACTOR)}};
  Process listener{"/bin/sh", {"-c", "exec \"$0\" echo actor.news --socket \"$1\" >/dev/full", SHUNT, host.socket()}};
  listener.read_error_line();

  EXPECT_EQ(host.shunt({"call", "actor/act", order("Publish", 1)}).code, 0);

  const Ran ran = listener.finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("the output cannot be written"));
  EXPECT_EQ(host.end().code, 0);
}

}  // namespace
}  // namespace shunt::test
