/// audit, inspect and doctor: what plugins were denied, and what they are confined by.
#include "running_host.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

/// A host whose plugin has tried to make a socket(AF_INET, SOCK_STREAM, 0), and crashed then.
class Denied : public ProcessTest {
 protected:
  void SetUp() override {
    const Ran fell = host_.shunt({"call", "faller/fall", R"({"text":"SIGSEGV after what it may not"})"});
    ASSERT_EQ(fell.code, 1) << fell;
    ASSERT_TRUE(await([&] { return host_.listed("faller")["instance"] != 1 && host_.listed("faller")["pid"] != 0; }));
  }
  static void expect_socket(const Json& record) {
    EXPECT_EQ(record["instance"], 1);
    EXPECT_EQ(record["plugin"], "faller");
    EXPECT_EQ(record["phase"], "Activate");
    EXPECT_EQ(record["call"], "socket");
    EXPECT_EQ(record["answer"], ENOSYS);
    EXPECT_EQ(record["count"], 1);
    EXPECT_EQ(record["arguments"][0], 2);
    EXPECT_EQ(record["arguments"][1], 1);
    EXPECT_EQ(record["arguments"][2], 0);
    EXPECT_LE(record["first_ms"], record["last_ms"]);
    EXPECT_GT(record["first_ms"], 0);
  }

  RunningHost host_{{plugin(FALLER, "restart = { delay = \"1 ms\" }"), plugin(PARTNER)}};
};

TEST_F(Denied, calls_are_shown_by_audit_of_all_of_one_and_not_of_another_plugin) {
  const Json of_all = host_.ask({"audit"});
  const Json of_one = host_.ask({"audit", "faller"});
  const Json of_another = host_.ask({"audit", "partner"});

  ASSERT_EQ(of_all["records"].size(), 1u);
  expect_socket(of_all["records"][0]);
  EXPECT_EQ(of_one["records"], of_all["records"]);
  EXPECT_TRUE(of_another["records"].is_array());
  EXPECT_TRUE(of_another["records"].empty());
}

TEST_F(Denied, calls_are_shown_to_people_in_columns) {
  const Ran ran = host_.shunt({"audit"});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.out, ContainsRegex("^INSTANCE +PLUGIN +PHASE +CALL +COUNT +ANSWER +FIRST +LAST +ARGUMENTS OF THE "
                                     "FIRST\n"
                                     "1 +faller +Activate +socket +1 +Function not implemented "
                                     "+[0-9:]+\\.[0-9]+ +[0-9:]+\\.[0-9]+ +0x2 0x1 0x?0 "));
}

TEST_F(Denied, calls_are_in_the_events_and_the_last_one_in_the_crash_report_of_plugin_and_instance) {
  const Json plugin = host_.ask({"inspect", "faller"});
  const Json instance = host_.ask({"inspect", "1"});
  const Json next = host_.ask({"inspect", host_.listed("faller")["instance"].dump()});
  const Ran people = host_.shunt({"inspect", "1"});

  expect_socket(instance["crash"]["denied"]);
  EXPECT_EQ(plugin["crash"], instance["crash"]);
  EXPECT_EQ(next["crash"], nullptr);
  EXPECT_THAT(people.out, ContainsRegex("\nLAST DENIED +socket\\(0x2, 0x1, 0x?0, [^\n]*\\) in Activate, 1 of them\n"));
  const Json event = host_.await_event("Denied", "faller");
  EXPECT_EQ(event["instance"], 1);
  EXPECT_THAT(event["text"].get<std::string>(),
              AllOf(StartsWith("socket(0x2, 0x1, "), HasSubstr(") in Activate was denied: Function not implemented")));
  expect_socket(host_.await_event("Ended", "faller")["crash"]["denied"]);
}

class Doctor : public ProcessTest {
 protected:
  /// `shunt doctor` of a host.toml with this launcher that requires this.
  [[nodiscard]] Ran examine(const std::string& launcher, const std::string& require, const Words& more = {}) const {
    Words words{"doctor", "--config", host_toml(launcher, require)};
    words.insert(words.end(), more.begin(), more.end());
    return shunt(words);
  }
  [[nodiscard]] std::string host_toml(const std::string& launcher, const std::string& require) const {
    return directory_.write("host.toml",
                            fmt::format("[host]\nlauncher = \"{}\"\nadmin_socket = \"host.sock\"\n[trust]\n"
                                        "allow_unsigned = true\n[sandbox]\nrequire = \"{}\"\n",
                                        launcher, require) +
                                plugin(PARTNER));
  }
  static Json layer_of(const Json& answer, const std::string& name) {
    for (const Json& each : answer["layers"])
      if (each["layer"] == name) return each;
    return {};
  }

  TemporaryDirectory directory_;
};

TEST_F(Doctor, names_each_layer_and_exits_with_0_where_nothing_is_required) {
  const Ran json = shunt({"doctor", "--json"});
  const Ran people = shunt({"doctor"});

  EXPECT_EQ(json.code, 0) << json;
  const Json answer = json.json();
  EXPECT_GE(answer["layers"].size(), 14u);
  bool full = true;
  for (const Json& each : answer["layers"]) {
    full = full && each["applied"] == true;
    EXPECT_NE(each["wanted"], "") << each;
    EXPECT_EQ(each["applied"], each["lost"].get<std::string>().empty()) << each;
  }
  EXPECT_EQ(answer["sandbox"], full ? "full" : "best");
  EXPECT_EQ(layer_of(answer, "Filter")["applied"], true);
  EXPECT_EQ(people.code, 0);
  EXPECT_EQ(people.errors, "");
  EXPECT_THAT(people.out, ContainsRegex("^LAYER +WANTED +APPLIED +HOW\n"));
  EXPECT_THAT(people.out, ContainsRegex("\nFilter [^\n]* yes +[0-9]+ instructions\n"));
  EXPECT_THAT(people.out, HasSubstr(full ? "\nThe sandbox is full.\n" : "\nThe sandbox is not full: "));
}

TEST_F(Doctor, says_what_is_lost_without_a_layer_and_how_to_get_it) {
  const Ran json = examine(LAUNCHER_WITHOUT_NAMESPACES, "best", {"--json"});
  const Ran people = examine(LAUNCHER_WITHOUT_NAMESPACES, "best");

  EXPECT_EQ(json.code, 0);
  const Json answer = json.json();
  EXPECT_EQ(answer["sandbox"], "best");
  const Json users = layer_of(answer, "UserNamespace");
  EXPECT_EQ(users["applied"], false);
  EXPECT_NE(users["lost"], "");
  EXPECT_NE(users["cure"], "");
  EXPECT_EQ(people.code, 0) << "best is what can be had";
  EXPECT_THAT(people.out, ContainsRegex("\nUserNamespace [^\n]* no +making namespaces: Operation not permitted\n"));
  EXPECT_THAT(people.out, HasSubstr("\nUserNamespace: lost is " + users["lost"].get<std::string>() + ".\n"));
  EXPECT_THAT(people.out, HasSubstr("  To get it: " + users["cure"].get<std::string>() + ".\n"));
  EXPECT_THAT(people.out, HasSubstr("\nThe sandbox is not full: sandbox.require = \"full\" would start nothing.\n"));
}

TEST_F(Doctor, ends_a_launcher_that_does_not_answer_and_says_so) {
  const auto silent = directory_.write("silent", "#!/bin/sh\necho $$ > \"$0.pid\"\nexec tail -f /dev/null\n");
  std::filesystem::permissions(silent, std::filesystem::perms::owner_all);

  const Ran ran = examine(silent, "best");

  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.errors,
              AllOf(HasSubstr("DeadlineExceeded"), HasSubstr(silent.string() + " did not answer within 10 s"),
                    HasSubstr("set `launcher`")));
  pid_t pid = 0;
  std::ifstream{silent.string() + ".pid"} >> pid;
  ASSERT_GT(pid, 0) << "it has run";
  EXPECT_EQ(::kill(pid, 0), -1) << "and runs no more";
}

TEST_F(Doctor, fails_where_full_is_required_and_cannot_be_had_and_run_then_starts_nothing) {
  const Ran doctor = examine(LAUNCHER_WITHOUT_NAMESPACES, "full");
  const Ran json = examine(LAUNCHER_WITHOUT_NAMESPACES, "full", {"--json"});
  const Ran run = shunt({"run", host_toml(LAUNCHER_WITHOUT_NAMESPACES, "full")});

  EXPECT_EQ(doctor.code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("\nThe sandbox is not full: ")) << "the table is there all the same";
  EXPECT_THAT(doctor.errors, AllOf(HasSubstr("BadConfiguration"), HasSubstr("host.toml requires the full sandbox")));
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(json.error_code(), "BadConfiguration");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, AllOf(HasSubstr("the sandbox lacks UserNamespace"), HasSubstr("shunt doctor")));
}

TEST_F(Doctor, and_run_agree_on_this_machine_where_full_is_required) {
  const Ran doctor = examine(SHUNT_LAUNCH, "full");
  const bool full = doctor.out.find("\nThe sandbox is full.\n") != std::string::npos;

  EXPECT_EQ(doctor.code, full ? 0 : 1);
  EXPECT_EQ(doctor.errors.empty(), full);
  Process run{SHUNT, {"run", host_toml(SHUNT_LAUNCH, "full"), "--json"}};
  if (full) {
    EXPECT_THAT(run.read_line(), HasSubstr("host.sock"));
    run.signal(SIGTERM);
  }
  EXPECT_EQ(run.finish().code, full ? 0 : 1);
}

}  // namespace
}  // namespace shunt::test
