#include "functions.hpp"

#include <csignal>
#include <cstring>

#include <gtest/gtest.h>
#include <proc_files.hpp>
#include <sched.h>
#include <sys/wait.h>

namespace shunt::test {
namespace {

using control::Phase;

TestHostOptions with(std::string key, std::string value) {
  auto options = abi_plugin();
  options.settings = {{std::move(key), std::move(value)}};
  return options;
}

TestHostOptions file(const char* path) {
  TestHostOptions options;
  options.plugin = path;
  return options;
}

class ExitsIn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Phases, ExitsIn, testing::Values("init", "validate", "activate", "cleanup"));

TEST_P(ExitsIn, a_plugin_that_exits_in_a_phase_is_reported_with_its_exit_code) {
  TestHost host{with("exit_in", GetParam())};
  host.start();

  for (const Phase phase : {Phase::Init, Phase::Validate, Phase::Activate, Phase::Cleanup}) {
    host.ask(phase);
    if (std::string{control::EnumNamePhase(phase)}.substr(1) == std::string{GetParam()}.substr(1)) break;
  }
  const auto exited = host.await_exit();

  EXPECT_EQ(exited.code, 7);
  EXPECT_EQ(exited.signal, 0);
  EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 1);
}

class FailsIn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Phases, FailsIn, testing::Values("init", "validate", "activate"));

TEST_P(FailsIn, a_phase_that_fails_says_why_and_cleanup_still_runs) {
  TestHost host{with("fail_in", GetParam())};
  host.start();

  control::EnteredT failed;
  for (const Phase phase : {Phase::Init, Phase::Validate, Phase::Activate})
    if (failed = host.enter(phase); failed.code != 0) break;
  const auto cleaned = host.enter(Phase::Cleanup);

  EXPECT_EQ(failed.code, status(ErrorCode::PluginFailed));
  EXPECT_EQ(failed.message, std::string{GetParam()} + " fails on purpose");
  EXPECT_EQ(cleaned.code, 0);
  EXPECT_EQ(host.await_exit().code, 0);
}

TEST(Lifecycle, init_may_fail_and_be_tried_again_and_be_driven_twice) {
  TestHost host{with("fail_in", "init")};
  host.start();

  EXPECT_NE(host.enter(Phase::Init).code, 0);
  EXPECT_EQ(host.enter(Phase::Init).code, 0);
  EXPECT_EQ(host.enter(Phase::Init).code, 0);

  EXPECT_EQ(host.enter(Phase::Validate).code, 0);
  EXPECT_EQ(host.enter(Phase::Activate).code, 0);
  EXPECT_EQ(host.call(kEcho, "served").text(), "served");
}

TEST(Lifecycle, a_phase_out_of_turn_is_refused_and_changes_nothing) {
  TestHost host{abi_plugin()};
  host.start();

  const auto early = host.enter(Phase::Activate);

  EXPECT_EQ(early.phase, Phase::Activate);
  EXPECT_EQ(early.code, status(ErrorCode::BadInput));
  EXPECT_EQ(early.message, "Activate is out of turn");
  host.activate();
}

TEST(Lifecycle, what_activate_publishes_has_no_cause) {
  TestHost host{with("publishes", "yes")};
  host.start();
  host.activate();

  const Answer published = host.next(bus::Ring::Data);

  EXPECT_EQ(published.text(), "active");
  EXPECT_EQ(published.header.parent, 0u);
}

TEST(Lifecycle, the_plugin_process_has_no_environment_no_input_and_two_descriptors_of_ours) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  EXPECT_EQ(host.call(kSurroundings).text(), "environment 0 stdin 0 descriptors 4");  // 0, 1, 2 and the control socket
}

TEST(Lifecycle, libraries_are_loaded_before_the_plugin_and_leave_no_descriptor) {
  auto options = abi_plugin();
  options.libraries = {NO_DESCRIPTOR, ALLOCATION_COUNTER};
  TestHost host{options};
  host.start();
  host.activate();

  EXPECT_EQ(host.call(kSurroundings).text(), "environment 0 stdin 0 descriptors 4");
}

TEST(Lifecycle, limits_that_cannot_be_set_stop_the_plugin_before_it_is_loaded) {
  auto options = abi_plugin();
  options.cpus = {1000};
  TestHost host{options};

  const auto loaded = host.start();

  EXPECT_EQ(loaded.code, status(ErrorCode::BadConfiguration));
  EXPECT_EQ(host.await_exit().code, 1);
}

TEST(Lifecycle, limits_that_can_be_set_hold) {
  auto options = abi_plugin();
  cpu_set_t ours;
  CPU_ZERO(&ours);
  ASSERT_EQ(::sched_getaffinity(0, sizeof(ours), &ours), 0);
  std::uint32_t cpu = CPU_SETSIZE - 1;  // the last that there is
  while (!CPU_ISSET(cpu, &ours)) --cpu;
  options.cpus = {cpu};
  options.open_files_max = 16;
  TestHost host{options};
  host.start();
  host.activate();

  EXPECT_EQ(host.call(kEcho, "served").text(), "served");
  EXPECT_EQ(proc_status(host.plugin_pid(), "Cpus_allowed_list"), std::to_string(cpu));
  EXPECT_EQ(proc_limit(host.plugin_pid(), "Max open files"), (std::pair<std::string, std::string>{"16", "16"}));
  EXPECT_EQ(proc_limit(host.plugin_pid(), "Max core file size"), (std::pair<std::string, std::string>{"0", "0"}));
}

TEST(Refusal, numbers_from_which_no_lane_can_be_made_are_refused) {
  auto options = abi_plugin();
  options.slots_said = 100;
  TestHost host{options};

  const auto loaded = host.start();

  EXPECT_EQ(loaded.code, status(ErrorCode::BadConfiguration));
}

TEST(Refusal, a_lane_of_other_numbers_than_its_memory_was_made_with_is_refused) {
  auto options = abi_plugin();
  options.slots_said = 32;
  TestHost host{options};

  const auto loaded = host.start();

  EXPECT_EQ(loaded.code, status(ErrorCode::LayoutMismatch));
}

TEST(Refusal, an_object_without_a_descriptor_is_not_a_plugin) {
  TestHost host{file(NO_DESCRIPTOR)};

  const auto loaded = host.start();

  EXPECT_EQ(loaded.code, status(ErrorCode::NotAPlugin));
  EXPECT_EQ(loaded.message, "the file exports no shunt_plugin_descriptor: end it with SHUNT_PLUGIN(YourPlugin)");
  EXPECT_EQ(host.await_exit().code, 1);
}

TEST(Refusal, a_plugin_of_another_c_abi_is_named_with_both_numbers) {
  TestHost host{file(OTHER_ABI)};

  const auto loaded = host.start();

  EXPECT_EQ(loaded.code, status(ErrorCode::LayoutMismatch));
  EXPECT_EQ(loaded.message,
            "the plugin is built for C ABI 2, this shunt-launch speaks 1: build it with the kit of this release");
}

TEST(Refusal, a_file_that_is_no_object_is_not_a_plugin) {
  TestHost host{file("/proc/self/cmdline")};

  EXPECT_EQ(host.start().code, status(ErrorCode::NotAPlugin));
}

TEST(Refusal, bytes_that_can_still_change_are_not_loaded) {
  auto options = abi_plugin();
  options.sealed = false;
  TestHost host{options};

  EXPECT_EQ(host.start().code, status(ErrorCode::NotTrusted));
}

TEST(Refusal, libraries_that_can_still_change_are_not_loaded) {
  auto options = abi_plugin();
  options.libraries = {NO_DESCRIPTOR};
  options.libraries_sealed = false;
  TestHost host{options};

  const auto entered = host.start();

  EXPECT_EQ(entered.code, status(ErrorCode::NotTrusted));
  EXPECT_EQ(
      entered.message,
      fmt::format("its library {}'s file is not sealed memory: what was checked could still change", NO_DESCRIPTOR));
}

TEST(Refusal, a_library_that_is_no_object_is_named) {
  auto options = abi_plugin();
  options.libraries = {"/proc/self/cmdline"};
  TestHost host{options};

  const auto entered = host.start();

  EXPECT_EQ(entered.code, status(ErrorCode::NotAPlugin));
  EXPECT_EQ(entered.message.find("its library /proc/self/cmdline cannot be loaded: "), 0u) << entered.message;
}

TEST(Refusal, descriptors_that_were_not_announced_are_refused_before_any_process_is_made) {
  auto options = abi_plugin();
  options.libraries = {NO_DESCRIPTOR, NO_DESCRIPTOR};
  options.libraries_named = 1;
  TestHost host{options};
  host.spawn();

  const auto packet = host.warden_says();

  ASSERT_TRUE(packet);
  const auto* const refused = packet->message().body_as_Refused();
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->message()->str().find("the host attached 8 descriptors, 7 belong to a lane and its plugin"), 0u);
}

TEST(Refusal, another_layout_is_refused_before_any_process_is_made) {
  auto options = abi_plugin();
  options.layout = bus::kLayoutVersion + 1;
  TestHost host{options};
  host.spawn();

  const auto packet = host.warden_says();

  ASSERT_TRUE(packet);
  const auto* const refused = packet->message().body_as_Refused();
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->code(), status(ErrorCode::LayoutMismatch));
  EXPECT_EQ(refused->message()->str(),
            "the host speaks lane layout 3, this shunt-launch speaks 2: install the host and "
            "shunt-launch of one release");
  EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 1);
}

class Throwing : public testing::Test {
 protected:
  static TestHostOptions options(std::string throws_in) {
    TestHostOptions options;
    options.plugin = THROWING_PLUGIN;
    options.functions = {kEcho, kPlaceOfCrash};
    options.topics_in = {kTopicIn};
    options.settings = {{"throws_in", std::move(throws_in)}};
    return options;
  }

  /// Whether the innermost frame lies in throw_here(), which is short.
  static void expect_thrown_there(const std::vector<std::uint64_t>& frames, std::uint64_t place) {
    ASSERT_GE(frames.size(), 2u);
    EXPECT_GT(frames.front(), place);
    EXPECT_LT(frames.front(), place + 256);
  }
};

TEST_F(Throwing, an_exception_becomes_a_failure_with_the_frames_of_its_throw) {
  TestHost host{options("")};
  host.start();
  host.activate();
  std::uint64_t place = 0;
  std::memcpy(&place, host.call(kPlaceOfCrash).payload.data(), sizeof(place));

  const Answer answer = host.call(kEcho);
  host.call(kPlaceOfCrash);  // a message is counted after its answer has left, and before the next one is taken

  EXPECT_EQ(answer.header.status, status(ErrorCode::PluginFailed));
  EXPECT_TRUE(answer.failure().starts_with("thrown on purpose [thrown at +0x")) << answer.failure();
  expect_thrown_there(answer.frames(), place);
  EXPECT_EQ(host.lane().theirs().statistics.failed.load(std::memory_order_relaxed), 1u);
}

TEST_F(Throwing, a_publication_whose_handler_throws_is_counted_and_the_next_message_served) {
  TestHost host{options("")};
  host.start();
  host.activate();

  host.send(bus::Kind::Publication, kTopicIn, "throws");
  const Answer answer = host.call(kPlaceOfCrash);

  EXPECT_EQ(answer.header.status, 0);
  EXPECT_EQ(host.lane().theirs().statistics.failed.load(std::memory_order_relaxed), 1u);
}

TEST_F(Throwing, an_exception_that_lies_where_an_earlier_one_lay_is_not_taken_for_it) {
  TestHost host{options("")};
  host.start();
  host.activate();
  const std::vector<std::uint64_t> frames = host.call(kEcho).frames();

  host.send(bus::Kind::Publication, kTopicIn, "throws the same type elsewhere");

  EXPECT_EQ(host.call(kEcho).frames(), frames);
}

TEST_F(Throwing, an_exception_out_of_a_phase_fails_it_with_frames) {
  TestHost host{options("init")};
  host.start();

  const auto entered = host.enter(Phase::Init);

  EXPECT_EQ(entered.code, status(ErrorCode::PluginFailed));
  EXPECT_TRUE(entered.message.starts_with("thrown on purpose")) << entered.message;
  EXPECT_GE(entered.frames.size(), 2u);
}

TEST_F(Throwing, what_is_no_std_exception_is_caught_as_well) {
  TestHost host{options("validate")};
  host.start();
  EXPECT_EQ(host.enter(Phase::Init).code, 0);

  const auto entered = host.enter(Phase::Validate);

  EXPECT_EQ(entered.code, status(ErrorCode::PluginFailed));
  EXPECT_TRUE(entered.message.starts_with("an exception that is not a std::exception")) << entered.message;
}

}  // namespace
}  // namespace shunt::test
