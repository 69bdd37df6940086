/// CPUs, scheduling, descriptors and threads: what host.toml says is what the kernel holds the plugin to.
#include "tidy_host.hpp"

#include <shunt/host/doctor.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <proc_files.hpp>
#include <sched.h>
#include <sys/resource.h>
#include <temporary_directory.hpp>
#include <unistd.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using tidy::Deed;

using Limit = std::pair<std::string, std::string>;

/// The last CPU that this process may use.
unsigned a_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof(set), &set);
  unsigned cpu = CPU_SETSIZE - 1;
  while (!CPU_ISSET(cpu, &set)) --cpu;
  return cpu;
}

/// Of each thread of the plugin.
std::vector<Scheduled> scheduled_all(pid_t pid) {
  std::vector<Scheduled> result;
  for (const pid_t thread : threads_of(pid)) result.push_back(scheduled(pid, thread));
  return result;
}

class ScheduledAs : public TidyHost {};

TEST_F(ScheduledAs, told_are_all_threads_batch_and_nice) {
  HostConfiguration modest = configuration();
  modest.plugins[0].sandbox.scheduling = Scheduling::Batch;
  modest.plugins[0].sandbox.nice = 5;
  Host host = start(std::move(modest));

  const auto threads = scheduled_all(await_pid(host));

  EXPECT_THAT(threads, SizeIs(2));
  EXPECT_THAT(threads, Each(Scheduled{.nice = 5, .policy = SCHED_BATCH}));
}

TEST_F(ScheduledAs, told_real_time_are_all_threads_by_root_and_by_nobody_else) {
  HostConfiguration eager = configuration();
  eager.plugins[0].sandbox.scheduling = Scheduling::Fifo;
  eager.plugins[0].sandbox.priority = 3;

  auto host = Host::start(std::move(eager));

  if (!host) {
    EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(host.error().message, AllOf(HasSubstr("real-time"), HasSubstr("takes root")));
    return;
  }
  EXPECT_EQ(::geteuid(), 0u);
  EXPECT_THAT(scheduled_all(await_pid(*host)), Each(Scheduled{.policy = SCHED_FIFO, .priority = 3}));
}

TEST_F(ScheduledAs, told_are_all_threads_less_than_nice_by_root_and_by_nobody_else) {
  HostConfiguration eager = configuration();
  eager.plugins[0].sandbox.nice = -5;

  auto host = Host::start(std::move(eager));

  if (!host) {
    EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(host.error().message, AllOf(HasSubstr("nice -5"), HasSubstr("takes root")));
    return;
  }
  EXPECT_EQ(::geteuid(), 0u);
  EXPECT_THAT(scheduled_all(await_pid(*host)), Each(Scheduled{.nice = -5}));
}

class Threads : public TidyHost {};

TEST_F(Threads, are_fifty_with_the_kits_two_where_nothing_else_is_said) {
  Host host = start(configuration());

  const Outcome crowd = act(host, Deed::Crowd, {}, 100);

  EXPECT_EQ(crowd.text, "48");
  EXPECT_EQ(crowd.stopped_by, EAGAIN);
  EXPECT_EQ(await_record(host, "Activate", "clone").answer, EAGAIN);
  EXPECT_EQ(act(host, Deed::Crowd, {}, 48).stopped_by, 0) << "those that have ended make room";
}

TEST_F(Threads, of_other_plugins_of_the_same_user_do_not_count) {
  HostConfiguration few = configuration();
  few.launcher = LAUNCHER_WITHOUT_USERS;
  few.plugins[0].sandbox.threads = 3;
  std::vector<Host> hosts;
  hosts.reserve(4);
  for (int i = 0; i < 4; ++i) hosts.push_back(start(few));

  for (Host& host : hosts) EXPECT_EQ(act(host, Deed::Thread).stopped_by, 0);
}

class Limits : public TidyHost {
 protected:
  static constexpr std::uint64_t kStackBytes = 8u << 20;
};

TEST_F(Limits, of_pending_signals_and_of_the_main_threads_stack_hold_where_nothing_is_said) {
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_STACK, &own), 0);
  const std::string stack_bytes = std::to_string(std::min<std::uint64_t>(own.rlim_max, kStackBytes));
  Host host = start(configuration());
  const pid_t pid = await_pid(host);

  EXPECT_EQ(proc_limit(pid, "Max pending signals"), (Limit{"128", "128"}));
  EXPECT_EQ(proc_limit(pid, "Max stack size"), (Limit{stack_bytes, stack_bytes}));
}

TEST_F(Limits, of_pending_signals_stop_who_queues_more_and_it_serves_on) {
  Host host = start(configuration());

  const Outcome queued = act(host, Deed::Queue);

  EXPECT_EQ(queued.stopped_by, EAGAIN);
  EXPECT_LE(std::stoi(queued.text), 128) << "those of other processes of its user count, too, where it has no other";
  EXPECT_EQ(act(host, Deed::Tell).stopped_by, 0);
}

TEST_F(Limits, of_the_heaps_of_threads_are_eight_however_many_threads_allocate) {
  Host host = start(configuration());

  const int arenas = std::stoi(act(host, Deed::Arenas, {}, 40).text);

  EXPECT_LE(arenas, 8);
  EXPECT_GT(arenas, 1) << "threads do get heaps of their own";
}

/// A host.toml with the tidy plugin.
class OfHostToml : public TidyHost {
 protected:
  HostConfiguration read(const std::string& launcher, const std::string& sandbox, const std::string& require = "best") {
    const auto text = fmt::format(
        "[host]\nlauncher = \"{}\"\n[trust]\nallow_unsigned = true\n[sandbox]\nrequire = \"{}\"\n"
        "[[plugin]]\npath = \"{}\"\nwait = \"sleep\"\nhandler_max = \"30 s\"\nrestart = {{ crashes = 1 }}\n"
        "sandbox = {{ {} }}\n[routes.\"tidy/act\"]\nwait = \"sleep\"\n",
        launcher, require, TIDY_PLUGIN, sandbox);
    auto configuration = read_configuration(folder_.write("host.toml", text));
    if (!configuration) throw std::runtime_error(to_string(configuration.error()));
    return std::move(*configuration);
  }

  TemporaryDirectory folder_;
};

TEST_F(OfHostToml, every_limit_is_one_that_the_plugin_runs_under) {
  Host host = start(read(LAUNCHER, fmt::format(R"(memory = "96 MiB", memory_high = "32 MiB", threads = 5, )"
                                               R"(open_files = 40, denials = 7, cpus = [{}], nice = 3, )"
                                               R"(scheduling = "batch")",
                                               a_cpu())));
  const pid_t pid = await_pid(host);

  EXPECT_EQ(proc_limit(pid, "Max data size"), (Limit{"100663296", "100663296"}));
  EXPECT_EQ(proc_limit(pid, "Max open files"), (Limit{"40", "40"}));
  for (const char* none : {"Max core file size", "Max locked memory", "Max msgqueue size"})
    EXPECT_EQ(proc_limit(pid, none), (Limit{"0", "0"})) << none;
  EXPECT_EQ(proc_status(pid, "Cpus_allowed_list"), std::to_string(a_cpu()));
  EXPECT_THAT(scheduled_all(pid), Each(Scheduled{.nice = 3, .policy = SCHED_BATCH}));
  const Outcome crowd = act(host, Deed::Crowd, {}, 10);
  EXPECT_EQ(crowd.text, "3") << "five, and two are the kit's";
  EXPECT_EQ(crowd.stopped_by, EAGAIN);
  EXPECT_EQ(act(host, Deed::Touch, {}, 40).stopped_by, 0);
  EXPECT_EQ(await_event(host, HostEventKind::MemoryHigh).plugin, "tidy");
  EXPECT_EQ(act(host, Deed::Deny, {}, 5).stopped_by, 0) << "with the thread too many there were six";
  EXPECT_THROW(act(host, Deed::Deny, {}, 5), std::runtime_error);
  const HostEvent ended = await_event(host, HostEventKind::Ended);
  ASSERT_NE(ended.crash, nullptr);
  EXPECT_EQ(ended.crash->kind, CrashKind::Denials);
}

TEST_F(OfHostToml, a_real_time_priority_is_that_of_all_threads) {
  if (::geteuid() != 0) GTEST_SKIP() << "real-time scheduling takes root";
  Host host = start(read(LAUNCHER, R"(scheduling = "round_robin", priority = 2)"));

  EXPECT_THAT(scheduled_all(await_pid(host)), Each(Scheduled{.policy = SCHED_RR, .priority = 2}));
}

TEST_F(OfHostToml, full_starts_what_doctor_says_can_be_had_and_nothing_else) {
  for (const char* launcher : {LAUNCHER, LAUNCHER_WITHOUT_NAMESPACES, LAUNCHER_WITHOUT_LISTENER}) {
    const auto layers = examine_sandbox(launcher);
    ASSERT_TRUE(layers) << to_string(layers.error());
    const bool full = std::ranges::all_of(*layers, &SandboxLayer::applied);

    const auto host = Host::start(read(launcher, "", "full"));

    EXPECT_EQ(host.has_value(), full) << launcher;
    EXPECT_FALSE(full && launcher != std::string_view{LAUNCHER});
    if (!host) {
      EXPECT_THAT(host.error().message, HasSubstr("shunt doctor"));
    }
  }
}

TEST_F(OfHostToml, best_starts_where_a_layer_is_missing) {
  Host host = start(read(LAUNCHER_WITHOUT_NAMESPACES, "", "best"));

  EXPECT_EQ(act(host, Deed::Tell).stopped_by, 0);
}

}  // namespace
}  // namespace shunt::test
