/// A version that takes over in stages, with callers that go on meanwhile.
#include "rollouts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Rollouts : public RolloutTest {};

TEST_F(Rollouts, go_through_their_stages_and_lose_no_call) {
  Host host = start(clerks(newer()));
  const Callers callers{host};

  const auto started = host.start_rollout(plan({{.share = 50}, {.share = 200}, {.share = 1000}}));

  ASSERT_TRUE(started) << to_string(started.error());
  const HostEvent done = await_event(host, HostEventKind::RolledOut, "clerk");
  EXPECT_THAT(done.version, HasSubstr("1.1.0"));
  EXPECT_EQ(rollout(host).state, "Done");
  EXPECT_EQ(count_of(host, HostEventKind::RolloutStage), 3u);
  EXPECT_EQ(builds(host), Builds{kNewer});
  EXPECT_EQ(callers.failed(), 0u);
  EXPECT_GT(callers.answered(kOlder), 20u);
  EXPECT_GT(callers.answered(kNewer), 20u);
}

TEST_F(Rollouts, give_all_back_when_calls_to_the_newer_version_fail) {
  Host host = start(clerks(newer({{"fail_every", 4}})));
  const Callers callers{host};
  const auto pid = pid_of(host, "clerk");

  ASSERT_TRUE(host.start_rollout(plan({{.share = 100}, {.share = 1000}})));

  const HostEvent back = await_event(host, HostEventKind::RolledBack, "clerk");
  EXPECT_THAT(back.text, AllOf(HasSubstr("calls succeed, and 95.0 % have to")));
  ASSERT_TRUE(await([&] { return builds(host) == Builds{kOlder}; }));
  EXPECT_EQ(rollout(host).state, "RolledBack");
  EXPECT_THAT(rollout(host).reason, HasSubstr("calls succeed"));
  EXPECT_EQ(pid_of(host, "clerk"), pid) << "the older version has been there all the time";
}

TEST_F(Rollouts, give_all_back_when_the_newer_version_crashes) {
  Host host = start(clerks(newer()));
  const Callers callers{host};
  RolloutPlan holding = plan({{.share = 500}, {.share = 1000}});
  holding.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(holding));
  ASSERT_TRUE(await([&] { return callers.answered(kNewer) > 20; }));

  for (const std::int64_t pid : pids_of_newer(host)) send_signal(pid, SIGKILL);

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text, HasSubstr("1 crashes, 0 at most"));
  EXPECT_TRUE(await([&] { return builds(host) == Builds{kOlder}; }));
}

TEST_F(Rollouts, give_all_back_when_the_newer_version_is_slow) {
  Host host = start(clerks(newer({{"delay_us", 300'000}})));
  const Callers callers{host};
  RolloutPlan timed = plan({{.share = 500}, {.share = 1000}});
  timed.stages.front().samples_min = 5;
  timed.stages.front().gates.latency_max = 1500;

  ASSERT_TRUE(host.start_rollout(timed));

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text, HasSubstr("its 99th percentile is"));
  EXPECT_TRUE(await([&] { return builds(host) == Builds{kOlder}; }));
}

TEST_F(Rollouts, hold_while_nobody_calls_and_go_back_when_they_are_given_up) {
  Host host = start(clerks(newer()));

  ASSERT_TRUE(host.start_rollout(plan({{.share = 200}, {.share = 1000}})));

  ASSERT_TRUE(await([&] { return rollout(host).reason == "0 of 20 calls"; }));
  EXPECT_EQ(rollout(host).state, "Running");
  EXPECT_EQ(rollout(host).verdict, "Inconclusive");
  EXPECT_EQ(rollout(host).stage, 0u);
  ASSERT_TRUE(host.abort_rollout("clerk"));
  EXPECT_EQ(rollout(host).state, "RolledBack");
  EXPECT_EQ(rollout(host).reason, "somebody gave it up");
  EXPECT_TRUE(await([&] { return builds(host) == Builds{kOlder}; }));
}

TEST_F(Rollouts, keep_what_they_have_while_they_are_paused) {
  Host host = start(clerks(newer()));
  RolloutPlan first = plan({{.share = 500}, {.share = 1000}});
  first.stages.front().dwell = 200ms;
  ASSERT_TRUE(host.start_rollout(first));
  ASSERT_TRUE(host.pause_rollout("clerk"));
  {
    const Callers callers{host};
    ASSERT_TRUE(await([&] { return callers.answered(kNewer) > 200 && callers.answered(kOlder) > 200; }));
    const auto elapsed = rollout(host).elapsed;
    ASSERT_TRUE(await([&] { return callers.answered(kNewer) > 2000; }));
    EXPECT_EQ(rollout(host).elapsed, elapsed) << "its time stands still";
    EXPECT_EQ(rollout(host).state, "Paused");
    EXPECT_EQ(rollout(host).stage, 0u);
    EXPECT_FALSE(host.pause_rollout("clerk"));

    ASSERT_TRUE(host.resume_rollout("clerk"));
    await_event(host, HostEventKind::RolledOut, "clerk");
  }

  EXPECT_EQ(builds(host), Builds{kNewer});
  EXPECT_EQ(host.resume_rollout("clerk").error().code, ErrorCode::BadInput);
  EXPECT_EQ(host.abort_rollout("nobody").error().code, ErrorCode::BadInput);
}

TEST_F(Rollouts, may_begin_with_the_messages_that_have_a_label) {
  Host host = start(clerks(newer()));
  RolloutPlan regional = plan({{.select = {{"region", "bj"}}}, {.share = 1000}});
  regional.stages.front().dwell = 1h;

  ASSERT_TRUE(host.start_rollout(regional));

  EXPECT_EQ(builds(host, "region=bj"), Builds{kNewer});
  EXPECT_EQ(builds(host), Builds{kOlder});
  EXPECT_EQ(builds(host, "region=sh"), Builds{kOlder});
  ASSERT_TRUE(host.abort_rollout("clerk"));
  EXPECT_TRUE(await([&] { return builds(host, "region=bj") == Builds{kOlder}; }));
}

TEST_F(Rollouts, may_give_all_at_once_with_nothing_to_compare_it_to) {
  HostConfiguration configuration = clerks(newer());
  for (PluginConfiguration& each : configuration.plugins) each.instances = 3;
  Host host = start(std::move(configuration));
  const Callers callers{host};

  const auto started = host.start_rollout(plan({{.share = 1000}}));

  ASSERT_TRUE(started) << to_string(started.error());
  await_event(host, HostEventKind::RolledOut, "clerk");
  EXPECT_EQ(builds(host), Builds{kNewer});
  EXPECT_EQ(callers.failed(), 0u);
}

TEST_F(Rollouts, cut_off_what_the_newer_version_does_not_finish_when_it_gives_all_back) {
  PluginConfiguration slow = newer({{"delay_us", 3'600'000'000}});
  slow.deadlines.drain = 100ms;
  Host host = start(clerks(std::move(slow)));
  const Callers callers{host};
  ASSERT_TRUE(host.start_rollout(plan({{.share = 500}, {.share = 1000}})));
  ASSERT_TRUE(await([&] {
    const auto plugins = host.snapshot().plugins;
    return std::ranges::any_of(plugins,
                               [](const auto& each) { return each.version.starts_with("1.1.0") && each.sent > 0; });
  }));

  ASSERT_TRUE(host.abort_rollout("clerk"));

  EXPECT_TRUE(await([&] { return pids_of_newer(host).empty(); }));
  EXPECT_EQ(count_of(host, HostEventKind::SwitchUndone), 0u) << "nothing goes back to it";
  const auto before = callers.answered(kOlder);
  EXPECT_TRUE(await([&] { return callers.answered(kOlder) > before + 100; }));
}

// ---- Incidents

TEST_F(Rollouts, leave_what_is_known_of_a_failure_in_a_file_and_tell_the_notifier_of_it) {
  const TemporaryDirectory directory;
  const auto told = directory.path() / "told";
  const auto notifier = directory.write("notifier", "#!/bin/sh\nprintf '%s' \"$1\" > " + told.string() + "\n");
  std::filesystem::permissions(notifier, std::filesystem::perms::owner_all);
  HostConfiguration configuration = clerks(newer({{"fail_every", 2}}));
  configuration.incidents = directory.path() / "incidents";
  configuration.notifier = notifier;
  Host host = start(std::move(configuration));
  {
    const Callers callers{host};
    ASSERT_TRUE(host.start_rollout(plan({{.share = 500}, {.share = 1000}})));
    await_event(host, HostEventKind::RolledBack, "clerk");
  }

  const std::string file = await_event(host, HostEventKind::IncidentKept, "clerk").text;

  std::ifstream stream{file};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  EXPECT_THAT(text,
              AllOf(HasSubstr("\"reason\":\""), HasSubstr("calls succeed"), HasSubstr("config.fail_every = 2, was 0"),
                    HasSubstr("RolloutStarted"), HasSubstr("\"stage\":0")));
  EXPECT_TRUE(await([&] {
    std::ifstream answer{told};
    return std::string{std::istreambuf_iterator<char>{answer}, {}} == file;
  }));
}

TEST_F(Rollouts, say_so_where_an_incident_cannot_be_kept_or_the_notifier_fails) {
  const TemporaryDirectory directory;
  for (const bool can_be_kept : {false, true}) {
    HostConfiguration configuration = clerks(newer({{"fail_every", 2}}));
    configuration.incidents =
        can_be_kept ? directory.path() / "incidents" : directory.write("no-folder", "") / "incidents";
    configuration.notifier = "/bin/false";
    Host host = start(std::move(configuration));
    const Callers callers{host};
    ASSERT_TRUE(host.start_rollout(plan({{.share = 500}, {.share = 1000}})));

    EXPECT_THAT(await_event(host, HostEventKind::IncidentNotKept, "clerk").text,
                HasSubstr(can_be_kept ? "the notifier ended with code 1" : "cannot be written"));
  }
}

// ---- What stands in their way

TEST_F(Rollouts, end_when_somebody_else_changes_the_routes) {
  Host host = start(clerks(newer()));
  RolloutPlan holding = plan({{.share = 200}, {.share = 1000}});
  holding.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(holding));

  ASSERT_TRUE(host.switch_to("clerk", "1.1.0"));

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text, HasSubstr("somebody else has changed"));
  EXPECT_EQ(builds(host), Builds{kNewer}) << "as that one wants it";
}

TEST_F(Rollouts, do_not_begin_before_the_version_has_been_up_for_long_enough) {
  Host host = start(clerks(newer()));
  RolloutPlan waiting = plan({{.share = 1000}});
  waiting.preflight.ready_min = 120s;

  const auto refused = host.start_rollout(waiting);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotServing);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("cannot begin: ready: up for"), HasSubstr("2 min are asked for")));
  EXPECT_THAT(host.rollouts(), IsEmpty());
  EXPECT_EQ(builds(host), Builds{kOlder});
}

TEST_F(Rollouts, do_not_begin_with_a_version_that_is_not_up) {
  PluginConfiguration cold = newer();
  cold.warm = false;
  Host host = start(clerks(std::move(cold)));

  const auto refused = host.start_rollout(plan({{.share = 1000}}));

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("ready: it is not up: make it `warm`"));
}

TEST_F(Rollouts, do_not_begin_until_somebody_has_seen_what_is_configured_otherwise) {
  Host host = start(clerks(newer({{"says", 100}})));
  RolloutPlan unseen = plan({{.share = 1000}});
  unseen.confirmed = false;

  const auto refused = host.start_rollout(unseen);
  const auto checks = host.preflight(unseen);

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("configuration: nobody has confirmed what changes: config.says = 100, was 0"));
  ASSERT_TRUE(checks);
  EXPECT_TRUE(blocks(*checks));
  const auto blocking = std::ranges::count(*checks, PreflightCheck::Outcome::Blocks, &PreflightCheck::outcome);
  EXPECT_EQ(blocking, 1) << "it alone";
}

TEST_F(Rollouts, do_not_begin_while_messages_wait_for_the_plugin) {
  HostConfiguration configuration = clerks(newer());
  route(configuration, "clerk.notes").backlog = 4096;
  Host host = start(std::move(configuration));
  RolloutPlan limited = plan({{.share = 1000}});
  const auto notes = host.publisher<clerks::Note>("clerk.notes").value();
  {
    const Frozen frozen{host, "clerk"};
    for (std::uint32_t i = 0; i < 1000; ++i)
      ASSERT_TRUE(notes.publish([&](auto& build) { return clerks::CreateNote(build, i); }));

    const auto refused = host.start_rollout(limited);

    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("messages wait, 100 at most are allowed"));
    limited.preflight.backlog_max = 10'000;
    limited.preflight.lag_max = 1ns;
    const auto late = host.start_rollout(limited);
    ASSERT_FALSE(late);
    EXPECT_THAT(late.error().message, HasSubstr("lag: the oldest message has waited for"));
  }
}

TEST_F(Rollouts, are_refused_where_a_stage_cannot_be_met_exactly) {
  HostConfiguration configuration = clerks(newer());
  for (PluginConfiguration& each : configuration.plugins) each.instances = 3;
  Host host = start(std::move(configuration));

  const auto refused = host.start_rollout(plan({{.share = 50}, {.share = 1000}}));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("stage 1"), HasSubstr("cannot be met exactly")));
}

TEST_F(Rollouts, are_refused_where_the_older_version_has_the_labels_that_a_stage_selects) {
  HostConfiguration configuration = clerks(newer());
  configuration.plugins.front().labels["region"] = "bj";
  Host host = start(std::move(configuration));

  const auto refused = host.start_rollout(plan({{.select = {{"region", "bj"}}}, {.share = 1000}}));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("stage 1"), HasSubstr("1.0.0"), HasSubstr("labels")));
  EXPECT_THAT(host.rollouts(), IsEmpty());
}

TEST_F(Rollouts, begin_one_at_a_time_also_when_two_ask_at_once) {
  Host host = start(clerks(newer()));
  RolloutPlan holding = plan({{.share = 200}, {.share = 1000}});
  holding.stages.front().dwell = 1h;
  std::atomic<int> begun{0};
  {
    std::array<std::jthread, 4> threads;
    for (std::jthread& each : threads)
      each = std::jthread{[&] { begun.fetch_add(host.start_rollout(holding) ? 1 : 0, std::memory_order_relaxed); }};
  }

  EXPECT_EQ(begun.load(), 1);
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Rollouts, are_one_at_a_time_for_a_plugin) {
  Host host = start(clerks(newer()));
  RolloutPlan holding = plan({{.share = 200}, {.share = 1000}});
  holding.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(holding));

  const auto second = host.start_rollout(holding);
  RolloutPlan unknown = holding;
  unknown.version = "7.0.0";

  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("is under way"));
  ASSERT_TRUE(host.abort_rollout("clerk"));
  EXPECT_EQ(host.start_rollout(unknown).error().code, ErrorCode::NoSuchVersion);
  ASSERT_TRUE(await([&] { return builds(host) == Builds{kOlder}; }));
  RolloutPlan same = holding;
  same.version = "1.0.0";
  EXPECT_THAT(host.preflight(same).error().message, HasSubstr("serves already"));
}

TEST_F(Rollouts, leave_nothing_when_the_host_ends_in_the_middle_of_a_stage) {
  for (const bool shadow : {false, true}) {
    Host host = start(clerks(newer({{"says", 100}})));
    const Callers callers{host};
    RolloutPlan holding = plan({{.shadow = shadow, .share = 500}, {.share = 1000}});
    holding.stages.front().dwell = 1h;
    ASSERT_TRUE(host.start_rollout(holding));
    ASSERT_TRUE(await([&] { return rollout(host).newer.calls > 20; }));
  }
}

}  // namespace
}  // namespace shunt::test
