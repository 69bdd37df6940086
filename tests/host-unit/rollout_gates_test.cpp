#include "rollout_gates.hpp"

#include <functional>
#include <limits>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Passes every gate, with nothing to spare but time.
Measured good() {
  return {.calls = {.calls = 1000, .failed = 10}, .p99 = 1ms, .messages = 1000, .cpu = 1s, .compared = 1000};
}

/// Half of the messages: the baseline serves beside it.
RolloutStage half() { return {.share = 500, .gates = {.cpu_max = 1500}}; }

Judgement judge(const Measured& newer, const Measured& baseline = good(), std::chrono::nanoseconds elapsed = 5min,
                const RolloutStage& stage = half()) {
  return host::judge(stage, newer, baseline, elapsed);
}

Measured with(const std::function<void(Measured&)>& change) {
  Measured measured = good();
  change(measured);
  return measured;
}

TEST(RolloutGates, pass_what_is_as_good_as_its_baseline_for_long_enough) {
  EXPECT_EQ(judge(good()).verdict, Verdict::Pass);
}

TEST(RolloutGates, say_nothing_before_there_are_enough_samples_of_both) {
  const auto few = with([](Measured& measured) { measured.calls = {.calls = 999, .failed = 999}; });

  const auto newer = judge(few);
  const auto baseline = judge(good(), few);

  EXPECT_EQ(newer.verdict, Verdict::Inconclusive);
  EXPECT_EQ(newer.reason, "999 of 1000 calls");
  EXPECT_EQ(baseline.verdict, Verdict::Inconclusive);
  EXPECT_EQ(baseline.reason, "999 of 1000 calls of the baseline");
}

TEST(RolloutGates, hold_a_stage_until_it_has_lasted_long_enough) {
  const auto early = judge(good(), good(), 5min - 1ns);

  EXPECT_EQ(early.verdict, Verdict::Inconclusive);
  EXPECT_THAT(early.reason, HasSubstr("of 5 min"));
}

struct Gate {
  const char* name;
  std::function<void(Measured&)> at_its_limit;
  std::function<void(Measured&)> past_it;
  const char* reason;
  bool needs_samples = true;
  friend std::ostream& operator<<(std::ostream& out, const Gate& gate) { return out << gate.name; }
};

const std::vector<Gate> kGates{
    {"success", [](Measured& each) { each.calls.failed = 20; }, [](Measured& each) { each.calls.failed = 51; },
     "94.9 % of its 1000 calls succeed, and 95.0 % have to"},
    {"slow_calls", [](Measured& each) { each.calls.slow = 10; }, [](Measured& each) { each.calls.slow = 41; },
     "94.9 % of its 1000 calls succeed"},
    {"success_beside_the_baseline", [](Measured& each) { each.calls.failed = 20; },
     [](Measured& each) { each.calls.failed = 21; }, "97.9 % of its calls succeed and 99.0 % of the baseline's"},
    {"latency", [](Measured& each) { each.p99 = 1'200'000ns; }, [](Measured& each) { each.p99 = 1'200'001ns; },
     "its 99th percentile is 1200001 ns, and 120.0 % of the baseline's 1 ms are allowed"},
    {"cpu", [](Measured& each) { each.cpu = 1500ms; }, [](Measured& each) { each.cpu = 1501ms; },
     "a message takes it 150.1 % of the processor time"},
    {"crashes", [](Measured&) {}, [](Measured& each) { each.crashes = 1; }, "1 crashes, 0 at most", false},
    {"quotas", [](Measured&) {}, [](Measured& each) { each.quota_refusals = 2; }, "2 refusals of a quota", false},
    {"denials", [](Measured&) {}, [](Measured& each) { each.denials = 3; }, "3 denied system calls", false},
};

class EachGate : public testing::TestWithParam<Gate> {};
INSTANTIATE_TEST_SUITE_P(Of, EachGate, testing::ValuesIn(kGates),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST_P(EachGate, alone_fails_what_is_past_its_limit_and_nothing_at_it) {
  const auto failed = judge(with(GetParam().past_it));

  EXPECT_EQ(judge(with(GetParam().at_its_limit)).verdict, Verdict::Pass);
  EXPECT_EQ(failed.verdict, Verdict::Fail);
  EXPECT_THAT(failed.reason, HasSubstr(GetParam().reason));
}

TEST_P(EachGate, fails_before_the_stage_is_over) {
  EXPECT_EQ(judge(with(GetParam().past_it), good(), 0ns).verdict, Verdict::Fail);
}

TEST_P(EachGate, waits_for_samples_where_more_of_them_could_change_it) {
  auto few = with(GetParam().past_it);
  few.calls.calls = 999;

  EXPECT_EQ(judge(few).verdict, GetParam().needs_samples ? Verdict::Inconclusive : Verdict::Fail);
}

TEST(RolloutGates, of_a_shadow_compare_what_it_says) {
  RolloutStage shadow{.shadow = true};
  shadow.gates.differences_max = 1;
  const auto compared = [&](std::uint64_t count, std::uint64_t different) {
    const auto newer = with([&](Measured& each) { each.compared = count, each.differences = different; });
    return judge(newer, good(), 5min, shadow);
  };

  EXPECT_EQ(compared(1000, 1).verdict, Verdict::Pass);
  EXPECT_EQ(compared(1000, 2).verdict, Verdict::Fail);
  EXPECT_THAT(compared(1000, 2).reason, HasSubstr("2 of 1000 answers differ"));
  EXPECT_EQ(compared(999, 2).verdict, Verdict::Fail) << "one more cannot excuse it";
  EXPECT_EQ(compared(999, 1).verdict, Verdict::Inconclusive);
  EXPECT_THAT(compared(999, 1).reason, HasSubstr("999 of 1000 answers that were compared"));
  EXPECT_EQ(judge(with([](Measured& each) { each.compared = 0, each.differences = 0; })).verdict, Verdict::Pass)
      << "no shadow";
}

TEST(RolloutGates, are_exact_where_counts_are_large) {
  constexpr std::uint64_t kMany = std::uint64_t{1} << 40;
  auto newer = good();
  auto baseline = good();
  baseline.calls = {.calls = kMany * 1000, .failed = 0};
  newer.calls = {.calls = kMany * 1000, .failed = kMany * 10};

  EXPECT_EQ(judge(newer, baseline).verdict, Verdict::Pass);
  ++newer.calls.failed;
  EXPECT_EQ(judge(newer, baseline).verdict, Verdict::Fail);
}

TEST(RolloutGates, do_not_fail_a_version_for_being_better) {
  const auto newer = with([](Measured& each) {
    each.calls.failed = 0;
    each.p99 = 1us;
    each.cpu = 1ms;
  });

  EXPECT_EQ(judge(newer).verdict, Verdict::Pass);
}

TEST(RolloutGates, take_a_baseline_that_has_measured_nothing_for_no_reason_to_pass) {
  EXPECT_EQ(judge(good(), Measured{}).verdict, Verdict::Inconclusive);
}

TEST(RolloutGates, ask_a_baseline_for_no_more_samples_where_nothing_is_left_for_it) {
  const RolloutStage all{.share = 1000};
  const auto few = with([](Measured& measured) { measured.calls = {.calls = 10, .failed = 0}; });
  const auto slower = with([](Measured& measured) { measured.p99 = 2ms; });

  EXPECT_EQ(judge(good(), Measured{}, 5min, all).verdict, Verdict::Pass) << "there was no stage before";
  EXPECT_EQ(judge(with([](Measured& measured) { measured.calls.failed = 51; }), Measured{}, 5min, all).verdict,
            Verdict::Fail);
  EXPECT_EQ(judge(with([](Measured& measured) { measured.calls.failed = 21; }), few, 5min, all).verdict, Verdict::Fail)
      << "beside what it was in the stage before";
  EXPECT_EQ(judge(slower, good(), 5min, all).verdict, Verdict::Fail) << "likewise";
}

}  // namespace
}  // namespace shunt::host
