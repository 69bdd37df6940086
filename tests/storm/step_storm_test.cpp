// Every process kills itself at one step of a message, named in steps.hpp, and so does the one that follows it.

#include "leftovers.hpp"
#include "round.hpp"
#include "waiting.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <scale.hpp>

namespace storm {
namespace {

constexpr std::size_t kKills = 10'000;  ///< Over all steps and counts.
constexpr std::array kSteps{"Loaned", "Claimed", "HeaderWritten", "Committed", "Rung",  "Harvested",
                            "Taken",  "Begun",   "Handled",       "Done",      "Freed", "ReturnWritten"};
constexpr std::array kCounts{2, 7};           ///< At this passing of the step; 1 would let nothing be done, ever.
constexpr std::uint64_t kOnTheirWayMax = 20;  ///< Messages; each may cost a process.
constexpr std::uint32_t kMessagesAtOnce = 5;  ///< On each sheet.

/// What plugin processes started from here on find in their environment. While no host runs.
class KillAt {
 public:
  explicit KillAt(const std::string& plan) { ::setenv("SHUNT_KILL_AT", plan.c_str(), 1); }
  ~KillAt() { ::unsetenv("SHUNT_KILL_AT"); }
  KillAt(const KillAt&) = delete;
  KillAt& operator=(const KillAt&) = delete;
};

std::uint64_t on_their_way(const shunt::HostSnapshot& seen) {
  std::uint64_t messages = 0;
  for (const auto& route : seen.routes)
    for (const auto& receiver : route.receivers) messages += receiver.waiting;
  for (const auto& plugin : seen.plugins) messages += plugin.sent - plugin.done;
  return messages;
}

class KillAtEveryStep : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    adopt_orphans();
    const HostUnderStorm warm_up;  // libraries keep threads once they are used
  }
};

TEST_P(KillAtEveryStep, loses_no_message_duplicates_none_unmarked_and_leaves_nothing_behind) {
  const Census before = take_census();
  const std::size_t kills = shunt::test::scaled(kKills) / (kSteps.size() * kCounts.size()) + 1;

  for (const int count : kCounts) {
    SCOPED_TRACE(fmt::format("at passing {} of {}", count, GetParam()));
    const KillAt plan{fmt::format("{}:{}", GetParam(), count)};
    HostUnderStorm storm{{.launcher = STORM_LAUNCH_STEPS}};
    Account total;
    std::uint64_t deaths = 0;
    ASSERT_NO_FATAL_FAILURE(run_round(storm, total, [&](Traffic& traffic) {
      const auto all_died = [&] {
        if (on_their_way(storm.host().snapshot()) < kOnTheirWayMax) traffic.allow(kMessagesAtOnce);
        deaths = crashes_of(storm.host(), "witness") + crashes_of(storm.host(), "relay");
        return deaths >= kills;
      };
      ASSERT_TRUE(eventually(all_died)) << deaths << " deaths; " << describe(storm.host());
    }));
    std::printf("%s:%d: %lu deaths; %s\n", GetParam(), count, static_cast<unsigned long>(deaths),
                describe(total).c_str());
  }

  EXPECT_TRUE(eventually([&] { return take_census() == before; }))
      << "before: " << to_string(before) << "; after: " << to_string(take_census());
}

INSTANTIATE_TEST_SUITE_P(Step, KillAtEveryStep, testing::ValuesIn(kSteps),
                         [](const auto& instance) { return std::string{instance.param}; });

}  // namespace
}  // namespace storm
