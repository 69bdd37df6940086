#include "functions.hpp"

#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <csignal>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace shunt::test {
namespace {

using bus::Kind;

TEST(Crash, a_segmentation_fault_leaves_its_signal_address_and_frames) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();
  std::uint64_t place = 0;
  std::memcpy(&place, host.call(kPlaceOfCrash).payload.data(), sizeof(place));

  host.send(Kind::Request, kCrash, {});
  const auto exited = host.await_exit();
  host.await_all_gone();

  EXPECT_EQ(exited.signal, SIGSEGV);
  const bus::CrashNote& note = host.lane().theirs().crash;
  ASSERT_EQ(note.signal.load(std::memory_order_acquire), static_cast<std::uint32_t>(SIGSEGV));
  EXPECT_EQ(note.address, 16u);
  ASSERT_GE(note.frame_count, 3u);
  EXPECT_GE(note.frames[0], place);
  EXPECT_LT(note.frames[0], place + 256);
  EXPECT_EQ(note.frames[1] >> 63, 0u) << "its caller is the plugin's too";
}

TEST(Crash, an_abort_leaves_its_signal_and_the_plugins_frames) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  host.send(Kind::Request, kAbort, {});
  const auto exited = host.await_exit();

  EXPECT_EQ(exited.signal, SIGABRT);
  const bus::CrashNote& note = host.lane().theirs().crash;
  ASSERT_EQ(note.signal.load(std::memory_order_acquire), static_cast<std::uint32_t>(SIGABRT));
  const std::span frames{note.frames.data(), note.frame_count};
  EXPECT_TRUE(std::any_of(frames.begin(), frames.end(), [](std::uint64_t frame) { return frame >> 63 == 0; }));
}

TEST(Crash, a_plugin_that_exits_in_a_handler_is_reported_with_its_code) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  host.send(Kind::Request, kExit, "\x05");
  const auto exited = host.await_exit();

  EXPECT_EQ(exited.code, 5);
  EXPECT_EQ(exited.signal, 0);
  EXPECT_EQ(host.lane().theirs().crash.signal.load(std::memory_order_acquire), 0u);
}

class Killed : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Process, Killed, testing::Values("warden", "init", "plugin"));

TEST_P(Killed, whoever_is_killed_takes_the_others_along) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();
  const std::string who = GetParam();

  ::kill(who == "warden" ? host.warden_pid() : who == "init" ? host.init_pid() : host.plugin_pid(), SIGKILL);
  if (who != "warden") {
    EXPECT_EQ(host.await_exit().signal, SIGKILL);
  }

  host.await_all_gone();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
}

TEST(Host, a_host_that_goes_away_takes_the_plugin_along) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  host.close_warden_socket();

  EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 1);
}

TEST(Host, a_closed_control_socket_ends_the_plugin) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  host.close_control_socket();

  EXPECT_EQ(host.await_exit().code, kit::kExitHostGone);
}

TEST(Leftovers, a_plugin_cannot_fork_and_leaves_nothing_when_it_is_killed) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();
  EXPECT_EQ(host.call(kFork).text(), std::strerror(ENOSYS));

  ::kill(host.plugin_pid(), SIGKILL);

  EXPECT_EQ(host.await_exit().signal, SIGKILL);
  host.await_all_gone();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
}

TEST(Leftovers, a_whole_life_leaves_no_descriptor_and_no_process) {
  const std::size_t before = open_descriptors();

  for (int i = 0; i < 3; ++i) {
    TestHost host{abi_plugin()};
    host.start();
    host.activate();
    EXPECT_EQ(host.call(kEcho, "served").text(), "served");
    EXPECT_EQ(host.enter(control::Phase::Cleanup).code, 0);
    EXPECT_EQ(host.await_all_gone(), 0);
  }

  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

class KilledAt : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Step, KilledAt,
                         testing::Values("Loaned:3", "Claimed:3", "HeaderWritten:3", "Committed:3", "Rung:3",
                                         "Harvested:1", "Taken:3", "Begun:3", "Handled:3", "Done:3", "Freed:3",
                                         "ReturnWritten:3"));

TEST_P(KilledAt, the_storms_launcher_kills_at_the_step_that_it_was_told) {
  auto options = abi_plugin();
  options.launcher = SHUNT_LAUNCH_STEPS;
  options.environment = {std::string{"SHUNT_KILL_AT="} + GetParam()};
  TestHost host{options};
  host.start();
  host.activate();
  const std::string payload(1000, 'p');

  // More calls than the pool has chunks, so that the plugin harvests. Answers are taken until the plugin dies.
  std::uint64_t replies = 0;
  for (int i = 0; i < 4; ++i) host.send(Kind::Request, kEchoChunk, payload);
  while (host.plugin_alive() && replies < 4)
    if (host.take_reply()) ++replies;
  if (host.plugin_alive()) {
    for (int i = 0; i < 4; ++i) host.send(Kind::Request, kEchoChunk, payload);
    while (host.plugin_alive()) host.take_reply();
  }

  EXPECT_EQ(host.await_exit().signal, SIGKILL);
  host.await_all_gone();
  EXPECT_EQ(host.lane().breach(), bus::Breach::None);
}

}  // namespace
}  // namespace shunt::test
