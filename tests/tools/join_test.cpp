/// Joining a running host by hand: shunt-launch --host NAME plugin.so
#include "raw_client.hpp"
#include "running_host.hpp"

#include <shunt/schemas/control_generated.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class JoiningByHand : public ProcessTest {
 protected:
  [[nodiscard]] Words joining(const std::string& plugin) const { return {"--host", host_.socket(), plugin}; }
  /// What the launcher says of a plugin that the host does not take.
  std::string refusal(const std::string& plugin) {
    const Ran ran = run(SHUNT_LAUNCH, joining(plugin));
    EXPECT_EQ(ran.code, 1) << plugin;
    EXPECT_EQ(ran.out, "") << plugin;
    return ran.errors;
  }
  /// As a launcher does, with the partner.
  static void ask_to_join(RawClient& launcher) {
    flatbuffers::FlatBufferBuilder build;
    build.Finish(control::CreateMessage(build, control::Body::Join, control::CreateJoin(build, ::getpid()).Union()));
    const bus::UniqueFd plugin{::open(PARTNER, O_RDONLY | O_CLOEXEC)};
    const std::string_view packet{reinterpret_cast<const char*>(build.GetBufferPointer()), build.GetSize()};
    ASSERT_TRUE(launcher.send(packet, plugin.get()));
  }
  [[nodiscard]] bool serves(const std::string& plugin) const { return host_.listed(plugin)["state"] == "Active"; }

  RunningHost host_{{plugin(ACTOR)}};
};

TEST_F(JoiningByHand, a_plugin_serves_calls_and_topics_and_is_shown) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));

  const Json direct = host_.ask({"call", "partner/act", order("Echo", 5)});
  const Json through_another = host_.ask({"call", "actor/act", order("Ask", 6)});
  const Json sent = host_.ask({"pub", "stage.orders", order("Echo")});

  EXPECT_EQ(direct["reply"]["number"], 5);
  EXPECT_EQ(through_another["reply"]["number"], 6);
  EXPECT_EQ(sent["delivered"], 2);
  EXPECT_EQ(host_.await_event("Joined", "partner")["text"], "joined by hand");
}

TEST_F(JoiningByHand, what_it_publishes_reaches_those_who_follow) {
  Process parrot{SHUNT_LAUNCH, joining(PARROT)};
  ASSERT_TRUE(await([&] { return serves("parrot"); }));
  Process echo{SHUNT, {"echo", "parrot.echoes", "--count", "1", "--json", "--socket", host_.socket()}};
  echo.read_error_line();

  host_.ask({"pub", "parrot.phrases", R"({"text":"by hand"})"});

  EXPECT_EQ(echo.finish().json()["payload"]["text"], "by hand");
}

TEST_F(JoiningByHand, a_plugin_that_is_stopped_ends_in_order_and_is_forgotten) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));

  EXPECT_EQ(host_.shunt({"stop", "partner"}).code, 0);

  const Ran ran = partner.finish();
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.errors, "");
  EXPECT_TRUE(await([&] { return host_.listed("partner").is_null(); }));
  const Ran call = host_.shunt({"call", "partner/act", "{}"});
  EXPECT_EQ(call.code, 1);
  EXPECT_THAT(call.errors, HasSubstr("partner/act"));
}

TEST_F(JoiningByHand, a_plugin_that_exits_by_itself_leaves_a_sentence_and_nothing_else) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));

  const Ran call = host_.shunt({"call", "partner/act", order("Exit", 7)});

  EXPECT_EQ(call.code, 1);
  EXPECT_THAT(call.errors, HasSubstr("OutcomeUnknown"));
  const Ran ran = partner.finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("the plugin exited by itself with code 7"));
  EXPECT_TRUE(await([&] { return host_.listed("partner").is_null(); }));
}

TEST_F(JoiningByHand, killing_the_launcher_ends_the_plugin_and_killing_the_plugin_ends_the_launcher) {
  Process first{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));
  first.signal(SIGKILL);
  EXPECT_EQ(first.finish().signal, SIGKILL);  // and nobody of it is left
  ASSERT_TRUE(await([&] { return host_.listed("partner").is_null(); }));

  Process second{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));
  ::kill(host_.listed("partner")["pid"].get<pid_t>(), SIGKILL);

  const Ran ran = second.finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("the plugin was ended by signal 9 (Killed)"));
  EXPECT_TRUE(await([&] { return host_.listed("partner").is_null(); }));
}

TEST_F(JoiningByHand, a_person_is_told_that_the_plugin_serves_where_and_how_to_end_it) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};

  const std::string line = partner.read_line();

  EXPECT_TRUE(serves("partner"));
  EXPECT_THAT(line, MatchesRegex("partner 1\\.0\\.0\\+[^ ]* joined host stage \\(pid [0-9]+\\); Ctrl-C ends it"));
  EXPECT_THAT(line, HasSubstr("(pid " + host_.listed("partner")["pid"].dump() + ")"));
}

TEST_F(JoiningByHand, a_signal_to_the_launcher_ends_the_plugin_and_the_host_hears_how) {
  for (const auto& [signal, name] :
       {std::pair{SIGINT, "signal 2 (Interrupt)"}, std::pair{SIGTERM, "signal 15 (Terminated)"}}) {
    Process partner{SHUNT_LAUNCH, joining(PARTNER)};
    partner.read_line();

    partner.signal(signal);

    const Ran ran = partner.finish();
    EXPECT_EQ(ran.signal, signal);
    EXPECT_EQ(ran.errors, "");
    ASSERT_TRUE(await([&] { return host_.listed("partner").is_null(); }));
    EXPECT_THAT(host_.await_event("Ended", "partner")["text"].get<std::string>(),
                HasSubstr("was ended by " + std::string{name}));
  }
}

TEST_F(JoiningByHand, a_plugin_ends_with_its_host) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));

  EXPECT_EQ(host_.end().code, 0);

  EXPECT_EQ(partner.finish().code, 0);
}

TEST_F(JoiningByHand, a_plugin_ends_with_its_host_that_is_killed) {
  Process partner{SHUNT_LAUNCH, joining(PARTNER)};
  ASSERT_TRUE(await([&] { return serves("partner"); }));

  EXPECT_EQ(host_.end(SIGKILL).signal, SIGKILL);

  const Ran ran = partner.finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("HostGone: the host has gone; its plugin was ended"));
}

TEST_F(JoiningByHand, a_launcher_that_starts_nothing_does_not_keep_the_host_from_ending) {
  RawClient launcher{host_.socket()};
  ask_to_join(launcher);
  launcher.drop_packet();  // its lane, with the descriptors

  EXPECT_EQ(host_.end().code, 0);
}

TEST_F(JoiningByHand, a_launcher_that_joins_and_leaves_is_said_to_have_left_and_not_to_be_another_program) {
  {
    RawClient launcher{host_.socket()};
    ask_to_join(launcher);
    launcher.drop_packet();
  }

  const std::string text = host_.await_event("Ended", "partner")["text"];

  EXPECT_THAT(text, HasSubstr("died with its warden, nobody saw how"));
  EXPECT_THAT(text, testing::Not(HasSubstr("set `launcher`"))) << "which plays no part in joining";
}

TEST_F(JoiningByHand, coming_and_going_many_times_leaves_the_host_as_it_was) {
  const auto visit = [&] {
    Process partner{SHUNT_LAUNCH, joining(PARTNER)};
    ASSERT_TRUE(await([&] { return serves("partner"); }));
    partner.signal(SIGKILL);
    partner.finish();
    ASSERT_TRUE(await([&] { return host_.listed("partner").is_null(); }));
  };
  const auto belongings = [&] {
    const std::string process = fmt::format("/proc/{}/", host_.process().pid());
    const std::filesystem::directory_iterator descriptors{process + "fd"}, threads{process + "task"};
    std::ifstream maps{process + "maps"};
    std::string line;
    std::size_t shared = 0;
    while (std::getline(maps, line)) shared += line.find("/memfd:") != std::string::npos ? 1 : 0;
    return std::array{std::distance(begin(descriptors), end(descriptors)), std::distance(begin(threads), end(threads)),
                      static_cast<std::ptrdiff_t>(shared)};
  };
  visit();  // the pool towards plugins of this name stays
  const auto before = belongings();

  for (int i = 0; i < 5; ++i) visit();

  // Not more of anything: while `before` was taken, the last client may have been about to leave.
  EXPECT_TRUE(await([&] { return std::ranges::equal(belongings(), before, std::ranges::less_equal{}); }))
      << testing::PrintToString(belongings()) << " instead of " << testing::PrintToString(before);
}

TEST_F(JoiningByHand, the_wrong_plugin_is_refused_with_a_sentence) {
  std::ifstream file{ACTOR, std::ios::binary};
  std::string foreign{std::istreambuf_iterator<char>(file), {}};
  foreign[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_RISCV);
  const TemporaryDirectory folder;
  const auto of_another_machine = folder.write("riscv.so", foreign);
  const auto fifo = folder.path() / "fifo.so";
  ASSERT_EQ(::mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);

  EXPECT_THAT(refusal(ACTOR), HasSubstr("BadInput: the host runs a plugin \"actor\" already: stop that one first"));
  EXPECT_THAT(refusal(NO_NOTE), HasSubstr("NotAPlugin: " NO_NOTE ": it is a shared object without Shunt's note"));
  EXPECT_THAT(refusal(of_another_machine), HasSubstr("WrongArchitecture: " + of_another_machine.string()));
  EXPECT_THAT(refusal("/etc/passwd"), HasSubstr("NotAPlugin: /etc/passwd: it is not an ELF file"));
  EXPECT_THAT(refusal("/"), HasSubstr("/ is not a regular file"));
  EXPECT_THAT(refusal(fifo), HasSubstr(fifo.string() + " is not a regular file")) << "and nobody waits for its writer";
  EXPECT_THAT(refusal(CONTRARY), HasSubstr("SchemaMismatch: \"actor.news\" carries stage.News"));
  EXPECT_THAT(refusal("/nonexistent/plugin.so"), HasSubstr("opening the plugin /nonexistent/plugin.so: No such file"));
  EXPECT_EQ(host_.ask({"ls"})["plugins"].size(), 1u);
}

TEST_F(JoiningByHand, a_plugin_that_ends_while_it_is_loaded_leaves_a_sentence) {
  EXPECT_THAT(refusal(STUMBLER), HasSubstr("the plugin exited by itself with code 3"));
  EXPECT_TRUE(await([&] { return host_.listed("stumbler").is_null(); }));
}

TEST_F(JoiningByHand, without_a_host_the_launcher_says_so) {
  const Ran nobody = run(SHUNT_LAUNCH, {"--host", "/nonexistent/host.sock", ACTOR});
  const Ran nothing = run(SHUNT_LAUNCH, {});
  const Ran half = run(SHUNT_LAUNCH, {"--host", host_.socket()});
  const Ran no_descriptor = run(SHUNT_LAUNCH, {"--attach", "-1"});
  const Ran help = run(SHUNT_LAUNCH, {"--help"});

  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.errors, HasSubstr("HostGone: no host listens on /nonexistent/host.sock"));
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.errors, HasSubstr("say --host NAME and a plugin"));
  EXPECT_EQ(half.code, 2);
  EXPECT_EQ(no_descriptor.code, 2);
  EXPECT_EQ(no_descriptor.errors, "--attach: a descriptor is a number from 0\nRun with --help for more information.\n");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("--host NAME"));
}

TEST_F(JoiningByHand, a_folder_of_the_hosts_name_is_not_taken_for_its_socket) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "no-such-host");

  const Ran ran =
      run("/bin/sh",
          {"-c", fmt::format("cd {} && exec {} --host no-such-host {}", folder.path().string(), SHUNT_LAUNCH, ACTOR)});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("no host \"no-such-host\" of this user runs: start it with `shunt run`"));
}

/// A host that lists its plugins, and where a plugin of the list is stopped.
class JoiningAListedPlugin : public ProcessTest {
 protected:
  static std::string listed(const std::string& file, const std::string& more) {
    const std::string sha256 = shunt({"inspect", file, "--json"}).json()["sha256"];
    return plugin(file, fmt::format("sha256 = \"{}\"\n{}", sha256, more));
  }
  void SetUp() override { ASSERT_EQ(host_.shunt({"stop", "parrot"}).code, 0); }
  [[nodiscard]] std::string said() const {
    return host_.ask({"call", "parrot/repeat", R"({"text":"hello"})"})["reply"]["text"];
  }

  RunningHost host_{{listed(PARROT, "config = { suffix = \", mate\" }")}, ""};
};

TEST_F(JoiningAListedPlugin, is_trusted_and_configured_as_its_entry_says) {
  Process parrot{SHUNT_LAUNCH, {"--host", host_.socket(), PARROT}};
  ASSERT_TRUE(await([&] { return host_.listed("parrot")["state"] == "Active"; }));

  EXPECT_EQ(host_.listed("parrot")["trust"], "Listed");
  EXPECT_EQ(said(), "hello, mate");
}

TEST_F(JoiningAListedPlugin, that_the_host_has_to_end_is_told_why) {
  RunningHost host{{listed(ACTOR, "handler_max = \"50 ms\"")}, ""};
  ASSERT_EQ(host.shunt({"stop", "actor"}).code, 0);
  Process actor{SHUNT_LAUNCH, {"--host", host.socket(), ACTOR}};
  ASSERT_TRUE(await([&] { return host.listed("actor")["state"] == "Active"; }));

  EXPECT_EQ(host.shunt({"call", "actor/act", order("Hang"), "--deadline-ms", "20"}).code, 1);

  const Ran ran = actor.finish();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("shunt-launch: PluginFailed: "));
  EXPECT_EQ(ran.errors.find("signal"), std::string::npos) << "not how it was ended, but why: " << ran.errors;
}

TEST_F(JoiningAListedPlugin, leaves_the_stopped_one_in_its_place_when_it_ends) {
  {
    Process parrot{SHUNT_LAUNCH, {"--host", host_.socket(), PARROT}};
    ASSERT_TRUE(await([&] { return host_.listed("parrot")["state"] == "Active"; }));
  }
  ASSERT_TRUE(await([&] { return host_.listed("parrot")["state"] == "Stopped"; }));

  EXPECT_EQ(host_.shunt({"restart", "parrot"}).code, 0);

  EXPECT_EQ(said(), "hello, mate");
}

TEST_F(JoiningAListedPlugin, that_is_not_on_the_list_is_refused_with_what_to_list) {
  const Ran ran = run(SHUNT_LAUNCH, {"--host", host_.socket(), ACTOR});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("NotTrusted: " ACTOR ": nothing says that it may run; list sha256 = \""));
}

}  // namespace
}  // namespace shunt::test
