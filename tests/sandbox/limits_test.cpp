/// Denials and the sandbox that a host requires: counted, told, and ended where they have to be.
#include "tidy_host.hpp"
#include "undecided_calls.hpp"

#include <shunt/host/doctor.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tidy::Deed;

class Denials : public TidyHost {};

TEST_F(Denials, of_one_call_are_one_record_and_one_event_however_many_there_are) {
  Host host = start(configuration());

  EXPECT_EQ(act(host, Deed::Deny, {}, 500).stopped_by, 0);

  std::uint64_t count = 0;
  for (int i = 0; i < 30'000 && count < 500; ++i) {
    count = await_record(host, "Activate", "chdir").count;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(count, 500u);
  std::size_t events = 0;
  for (const HostEvent& each : host.events())
    if (each.kind == HostEventKind::Denied && each.text.starts_with("chdir(")) ++events;
  EXPECT_EQ(events, 1u);
}

TEST_F(Denials, beyond_the_limit_end_the_plugin_with_the_reason) {
  HostConfiguration few = configuration();
  few.plugins[0].sandbox.denials = 100;
  few.plugins[0].restart.crashes_max = 1;
  Host host = start(std::move(few));

  EXPECT_THROW(act(host, Deed::Deny, {}, 1000), std::runtime_error);

  const HostEvent ended = await_event(host, HostEventKind::Ended);
  EXPECT_THAT(ended.text, AllOf(HasSubstr("PeerBreach"), HasSubstr("denied system calls"), HasSubstr("chdir")));
  ASSERT_NE(ended.crash, nullptr);
  EXPECT_EQ(ended.crash->kind, CrashKind::Denials);
  ASSERT_TRUE(ended.crash->denied);
  EXPECT_EQ(ended.crash->denied->call, "chdir");
  std::uint64_t denials = 0;
  for (const AuditRecord& each : host.audit()) denials += each.count;
  EXPECT_EQ(denials, 100u);
}

TEST_F(Denials, meet_every_call_that_is_not_allowed_and_each_is_named) {
  HostConfiguration many = configuration();
  many.plugins[0].sandbox.denials = 1'000'000;
  Host host = start(std::move(many));

  const Outcome outcome = act(host, Deed::Sweep);

  EXPECT_EQ(outcome.text, "") << "these were not denied";
  EXPECT_EQ(static_cast<std::size_t>(outcome.stopped_by), undecided_calls().size());
  std::set<std::string> named;
  for (int i = 0; i < 30'000 && named.size() < undecided_calls().size(); ++i) {
    for (const AuditRecord& each : host.audit()) named.insert(each.call);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(named.size(), undecided_calls().size());
}

TEST_F(Denials, are_recorded_with_the_arguments_of_the_first_and_the_instance_that_made_them) {
  Host host = start(configuration());
  const auto instance = host.snapshot().plugins.at(0).instance;

  EXPECT_EQ(act(host, Deed::Raw, {}, SYS_splice).stopped_by, ENOSYS);

  const AuditRecord record = await_record(host, "Activate", "splice");
  EXPECT_EQ(record.arguments, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(record.instance, instance);
  EXPECT_EQ(record.plugin, "tidy");
  EXPECT_EQ(record.answer, ENOSYS);
  EXPECT_EQ(record.count, 1u);
}

TEST_F(Denials, meet_every_operation_of_a_futex_but_waiting_and_waking) {
  constexpr int kFlags = 4;  // private or not, by this clock or that
  constexpr int kDenied = (128 - 4) * kFlags;
  HostConfiguration many = configuration();
  many.plugins[0].sandbox.denials = 1'000'000;
  Host host = start(std::move(many));

  EXPECT_EQ(act(host, Deed::Futex).stopped_by, kDenied);

  std::uint64_t count = 0;
  for (int i = 0; i < 30'000 && count < kDenied; ++i) {
    count = await_record(host, "Activate", "futex").count;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(count, static_cast<std::uint64_t>(kDenied)) << "the filter denied them, not the kernel";
}

class Required : public TidyHost {};

TEST_F(Required, full_is_what_doctor_says_can_be_had) {
  const auto layers = examine_sandbox(LAUNCHER);
  ASSERT_TRUE(layers) << to_string(layers.error());
  const bool full = std::ranges::all_of(*layers, &SandboxLayer::applied);
  HostConfiguration strict = configuration();
  strict.sandbox_required = SandboxRequired::Full;

  const auto host = Host::start(std::move(strict));

  EXPECT_EQ(host.has_value(), full) << (host ? "" : to_string(host.error()));
}

TEST_F(Required, full_starts_nothing_where_a_layer_is_missing_and_names_it) {
  HostConfiguration strict = configuration();
  strict.launcher = LAUNCHER_WITHOUT_NAMESPACES;
  strict.sandbox_required = SandboxRequired::Full;

  const auto host = Host::start(std::move(strict));

  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("UserNamespace"), HasSubstr("shunt doctor")));
}

TEST_F(Required, best_starts_there_and_says_what_is_missing) {
  HostConfiguration lenient = configuration();
  lenient.launcher = LAUNCHER_WITHOUT_NAMESPACES;
  Host host = start(std::move(lenient));

  EXPECT_EQ(act(host, Deed::Tell).stopped_by, 0);
  EXPECT_THAT(host.snapshot().plugins.at(0).sandbox, AllOf(HasSubstr("without"), HasSubstr("EmptyRoot")));
}

TEST(Doctor, names_every_layer_with_what_is_lost_without_it_and_how_to_get_it) {
  const auto layers = examine_sandbox(LAUNCHER_WITHOUT_NAMESPACES);

  ASSERT_TRUE(layers) << to_string(layers.error());
  EXPECT_GE(layers->size(), 14u);
  std::set<std::string> applied{"Capabilities", "Landlock", "Filter", "Audit", "ThreadLimit", "MemoryWatch"};
  if (::geteuid() == 0) applied.insert("Identity");
  for (const SandboxLayer& each : *layers) {
    EXPECT_FALSE(each.wanted.empty()) << each.name;
    EXPECT_EQ(each.applied, each.lost.empty()) << each.name;
    EXPECT_EQ(each.applied, applied.contains(each.name)) << each.name << ": " << each.detail;
  }
}

TEST(Doctor, finds_a_full_sandbox_for_the_root_of_a_user_namespace_that_knows_nobody_else) {
  const auto here = examine_sandbox(LAUNCHER);
  ASSERT_TRUE(here) << to_string(here.error());
  if (!std::ranges::all_of(*here, &SandboxLayer::applied)) GTEST_SKIP() << "there are no user namespaces";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto write = [](const char* path, const std::string& text) { std::ofstream{path} << text; };
    const auto user = ::geteuid();
    const auto group = ::getegid();
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(2);
    write("/proc/self/setgroups", "deny");
    write("/proc/self/uid_map", fmt::format("0 {} 1", user));
    write("/proc/self/gid_map", fmt::format("0 {} 1", group));
    const auto layers = examine_sandbox(LAUNCHER);
    ::_exit(layers && std::ranges::all_of(*layers, &SandboxLayer::applied) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
}

TEST(Doctor, says_that_nothing_is_recorded_where_no_listener_can_be_had) {
  const auto layers = examine_sandbox(LAUNCHER_WITHOUT_LISTENER);

  ASSERT_TRUE(layers) << to_string(layers.error());
  for (const SandboxLayer& each : *layers) {
    if (each.name == "Audit" || each.name == "ThreadLimit") {
      EXPECT_FALSE(each.applied) << each.name;
    }
  }
}

}  // namespace
}  // namespace shunt::test
