/// What phases, driven once, twice or in vain, leave behind in a real process: threads, descriptors, chunks.
#include "functions.hpp"

#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <proc_files.hpp>
#include <sys/wait.h>

namespace shunt::test {
namespace {

using control::Phase;
using ::testing::ElementsAre;
using ::testing::StartsWith;

/// Names of the memory files that a process has open.
std::vector<std::string> memory_held_by(pid_t pid) {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", pid)})
    if (const auto name = std::filesystem::read_symlink(each).string(); name.starts_with("/memfd:"))
      names.push_back(name);
  return names;
}

control::EnteredT first_failure_of(TestHost& host) {
  control::EnteredT entered;
  for (const Phase phase : {Phase::Init, Phase::Validate, Phase::Activate})
    if (entered = host.enter(phase); entered.code != 0) break;
  return entered;
}

/// Of the host's pool, and of the plugin's own.
void expect_nothing_in_use(TestHost& host) {
  host.harvest();
  EXPECT_EQ(host.inbound().used_chunks(), 0u);
  for (const auto& loaned : host.lane().theirs().pool.loaned) EXPECT_EQ(loaned.load(std::memory_order_relaxed), 0u);
}

class FailedIn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Phases, FailedIn, testing::Values("init", "validate", "activate"));

TEST_P(FailedIn, a_phase_that_fails_leaves_no_thread_and_after_cleanup_no_chunk_no_process_and_no_descriptor) {
  const std::size_t descriptors = open_descriptors();
  auto options = abi_plugin();
  options.settings = {{"fail_in", GetParam()}, {"publishes", "yes"}};
  {
    TestHost host{options};
    host.start();
    const auto loaded = threads_of(host.plugin_pid());

    EXPECT_NE(first_failure_of(host).code, 0);

    EXPECT_EQ(threads_of(host.plugin_pid()), loaded);
    EXPECT_EQ(host.enter(Phase::Cleanup).code, 0);
    EXPECT_EQ(host.await_exit().code, 0);
    EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 0);
    expect_nothing_in_use(host);
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(LeftBehind, init_driven_twice_leaves_one_set_of_threads_and_descriptors) {
  TestHost host{abi_plugin()};
  host.start();
  const auto loaded = threads_of(host.plugin_pid());

  EXPECT_EQ(host.enter(Phase::Init).code, 0);
  EXPECT_EQ(host.enter(Phase::Init).code, 0);

  EXPECT_EQ(threads_of(host.plugin_pid()), loaded);
  EXPECT_EQ(host.enter(Phase::Validate).code, 0);
  EXPECT_EQ(host.enter(Phase::Activate).code, 0);
  EXPECT_EQ(threads_of(host.plugin_pid()), loaded);
  EXPECT_EQ(host.call(kEchoChunk, std::string(1000, 'x')).text(), std::string(1000, 'x'));
  EXPECT_EQ(host.call(kSurroundings).text(), "environment 0 stdin 0 descriptors 4");
  expect_nothing_in_use(host);
}

TEST(LeftBehind, cleanup_asked_for_three_times_runs_once_and_ends_the_process) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();
  ASSERT_EQ(::kill(host.plugin_pid(), SIGSTOP), 0);  // until all three are there

  for (int times = 0; times < 3; ++times) host.ask(Phase::Cleanup);
  ASSERT_EQ(::kill(host.plugin_pid(), SIGCONT), 0);

  const auto exited = host.await_exit();
  EXPECT_EQ(exited.code, 0);
  EXPECT_EQ(exited.signal, 0);
  EXPECT_EQ(WEXITSTATUS(host.await_all_gone()), 0);
  expect_nothing_in_use(host);
}

TEST(LeftBehind, the_lanes_descriptors_are_closed_in_the_warden_and_the_plugins_bytes_are_kept_for_its_loader) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();

  const auto memory = memory_held_by(host.warden_pid());

  EXPECT_THAT(memory, ElementsAre(StartsWith("/memfd:plugin")));
}

}  // namespace
}  // namespace shunt::test
