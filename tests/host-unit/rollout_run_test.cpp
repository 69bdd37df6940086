#include "rollout_run.hpp"

#include <random>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const RolloutRun::TimePoint kStart{1h};
const Judgement kPass{Verdict::Pass, "good"};
const Judgement kFail{Verdict::Fail, "1 crashes, 0 at most are allowed"};
const Judgement kHold{Verdict::Inconclusive, "12 of 1000 calls"};

/// Shadow, 5 %, 20 %, all.
std::vector<RolloutStage> usual() { return {{.shadow = true}, {.share = 50}, {.share = 200}, {.share = 1000}}; }

TEST(RolloutRun, goes_from_stage_to_stage_and_ends_with_the_last) {
  RolloutRun run{usual(), kStart};
  EXPECT_TRUE(run.stage().shadow);

  EXPECT_EQ(run.look(kStart + 1min, kPass), RolloutEvent::StagePassed);
  EXPECT_EQ(run.stage().share, 50u);
  EXPECT_EQ(run.elapsed(kStart + 1min), 0ns);
  EXPECT_EQ(run.elapsed(kStart + 3min), 2min);
  EXPECT_EQ(run.look(kStart + 3min, kPass), RolloutEvent::StagePassed);
  EXPECT_EQ(run.look(kStart + 4min, kPass), RolloutEvent::StagePassed);
  EXPECT_EQ(run.stage().share, 1000u);
  EXPECT_FALSE(run.is_over());
  EXPECT_EQ(run.look(kStart + 5min, kPass), RolloutEvent::LastStagePassed);

  EXPECT_EQ(run.state(), RolloutState::Done);
  EXPECT_TRUE(run.is_over());
}

TEST(RolloutRun, holds_while_nothing_can_be_said) {
  RolloutRun run{usual(), kStart};

  for (auto now = kStart; now < kStart + 24h; now += 1min) EXPECT_EQ(run.look(now, kHold), std::nullopt);

  EXPECT_EQ(run.state(), RolloutState::Running);
  EXPECT_EQ(run.stage_number(), 0u);
  EXPECT_EQ(run.last().reason, kHold.reason);
}

TEST(RolloutRun, counts_no_time_in_which_nothing_could_be_seen_of_it) {
  RolloutRun run{usual(), kStart};
  EXPECT_EQ(run.look(kStart + 1min, kHold), std::nullopt);

  run.stands_still(kStart + 5min);
  run.stands_still(kStart + 9min);
  EXPECT_EQ(run.elapsed(kStart + 9min), 1min);

  EXPECT_EQ(run.look(kStart + 10min, kHold), std::nullopt);
  EXPECT_EQ(run.elapsed(kStart + 10min), 2min);
  ASSERT_TRUE(run.pause(kStart + 11min));
  run.stands_still(kStart + 20min);
  ASSERT_TRUE(run.resume(kStart + 21min));
  EXPECT_EQ(run.elapsed(kStart + 22min), 4min);
}

TEST(RolloutRun, is_rolled_back_with_the_reason_when_a_stage_fails) {
  RolloutRun run{usual(), kStart};
  ASSERT_TRUE(run.look(kStart + 1min, kPass));

  EXPECT_EQ(run.look(kStart + 2min, kFail), RolloutEvent::StageFailed);

  EXPECT_EQ(run.state(), RolloutState::RolledBack);
  EXPECT_EQ(run.stage_number(), 1u);
  EXPECT_EQ(run.last().reason, kFail.reason);
  EXPECT_EQ(run.look(kStart + 3min, kPass), std::nullopt) << "it is over";
  EXPECT_EQ(run.last().reason, kFail.reason);
}

TEST(RolloutRun, stands_still_while_it_is_paused) {
  RolloutRun run{usual(), kStart};
  ASSERT_TRUE(run.pause(kStart + 1min));

  EXPECT_EQ(run.look(kStart + 1h, kPass), std::nullopt);
  EXPECT_EQ(run.elapsed(kStart + 1h), 1min);
  ASSERT_TRUE(run.resume(kStart + 1h));

  EXPECT_EQ(run.elapsed(kStart + 1h + 2min), 3min);
  EXPECT_EQ(run.look(kStart + 1h + 2min, kPass), RolloutEvent::StagePassed);
}

TEST(RolloutRun, fails_although_it_is_paused) {
  RolloutRun run{usual(), kStart};
  ASSERT_TRUE(run.pause(kStart));

  EXPECT_EQ(run.look(kStart + 1s, kFail), RolloutEvent::StageFailed);
  EXPECT_EQ(run.state(), RolloutState::RolledBack);
}

TEST(RolloutRun, is_given_up_at_any_time_until_it_is_over) {
  RolloutRun run{usual(), kStart};
  RolloutRun paused{usual(), kStart};
  ASSERT_TRUE(paused.pause(kStart));

  EXPECT_TRUE(run.abort(kStart + 1s));
  EXPECT_TRUE(paused.abort(kStart + 1s));

  EXPECT_EQ(run.state(), RolloutState::RolledBack);
  EXPECT_EQ(paused.state(), RolloutState::RolledBack);
  EXPECT_EQ(run.last().reason, "somebody gave it up");
  const auto again = run.abort(kStart + 2s);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::BadInput);
  EXPECT_THAT(again.error().message, HasSubstr("RolledBack"));
}

TEST(RolloutRun, refuses_to_be_paused_twice_or_resumed_while_it_runs) {
  RolloutRun run{usual(), kStart};

  EXPECT_FALSE(run.resume(kStart));
  ASSERT_TRUE(run.pause(kStart));
  EXPECT_FALSE(run.pause(kStart));
}

/// One of what can be done to it; what came of that.
std::optional<RolloutEvent> do_something(RolloutRun& run, std::mt19937_64& random, RolloutRun::TimePoint now) {
  const auto if_taken = [](const Status& status, RolloutEvent event) {
    return status ? std::optional{event} : std::nullopt;
  };
  switch (random() % 6) {
    case 0: return if_taken(run.pause(now), RolloutEvent::PauseAsked);
    case 1: return if_taken(run.resume(now), RolloutEvent::ResumeAsked);
    case 2: return random() % 8 == 0 ? if_taken(run.abort(now), RolloutEvent::AbortAsked) : std::nullopt;
    case 3: return run.look(now, kHold);
    case 4: return run.look(now, random() % 4 == 0 ? kFail : kHold);
    default: return run.look(now, kPass);
  }
}

TEST(RolloutRun, goes_only_the_ways_of_its_table) {
  std::mt19937_64 random{5};
  for (int i = 0; i < 2000; ++i) {
    RolloutRun run{usual(), kStart};
    auto now = kStart;
    for (int step = 0; step < 20; ++step) {
      now += std::chrono::seconds{random() % 60};
      const RolloutState before = run.state();
      const auto event = do_something(run, random, now);
      ASSERT_EQ(run.state(), event ? next(before, *event) : before) << name(before);
    }
  }
}

// ---- Stages

void expect_refused(const std::vector<RolloutStage>& stages, const char* why, const RolloutSeats& seats = {}) {
  const auto checked = check_stages(stages, seats);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(checked.error().message, HasSubstr(why));
}

TEST(RolloutStages, that_lead_to_the_newer_version_are_taken) {
  EXPECT_TRUE(check_stages(usual(), {}));
  EXPECT_TRUE(check_stages(std::vector<RolloutStage>{{.share = 1000}}, {}));
  EXPECT_TRUE(check_stages(std::vector<RolloutStage>{{.share = 1}, {.share = 1000}}, {.newer = 5, .older = 2}));
}

TEST(RolloutStages, whose_share_cannot_be_met_exactly_are_refused_and_not_rounded) {
  EXPECT_TRUE(check_stages(usual(), {.newer = 2, .older = 5}));

  expect_refused(usual(), "stage 2: 50 of 1000, for 3 instances of the newer version and 2 of the older one",
                 {.newer = 3, .older = 2});
  expect_refused(usual(), "cannot be met exactly", {.newer = 2, .older = 3});
}

TEST(RolloutStages, that_make_no_sense_are_refused) {
  expect_refused({}, "without stages");
  expect_refused({{.share = 50}, {.share = 200}}, "stage 2, the last one, does not give all");
  expect_refused({{.shadow = true}}, "does not give all");
  expect_refused({{.share = 200}, {.share = 200}, {.share = 1000}}, "stage 2: 200 of 1000 behind 200");
  expect_refused({{.share = 50}, {.shadow = true}, {.share = 1000}}, "stage 2: a shadow behind");
  expect_refused({{.share = 0}, {.share = 1000}}, "stage 1: a share of 0");
  expect_refused({{.share = 1001}}, "stage 1: a share of 1001");
  expect_refused({{.share = 1000, .samples_min = 0}}, "stage 1: it is judged by no sample");
  expect_refused({{.share = 1000, .dwell = -1s}}, "stage 1: it lasts for less than nothing");
}

}  // namespace
}  // namespace shunt::host
