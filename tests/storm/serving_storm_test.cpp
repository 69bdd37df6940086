// The storm over a witness that answers after its handlers, and over one with several workers: what is begun is not
// what came first, and what is done is not what was begun first.

#include "kill_at.hpp"
#include "killer.hpp"
#include "leftovers.hpp"

#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <scale.hpp>

namespace storm {
namespace {

constexpr std::size_t kKills = 4'000;
constexpr std::size_t kKillsPerRound = 50;  ///< After which everything comes to rest and is accounted for.
constexpr std::size_t kKillsAtSteps = 600;  ///< Over all of them.
constexpr std::array kSteps{"Stood", "Begun", "Handled", "Done", "Freed", "ReturnWritten"};
constexpr int kPassing = 7;  ///< At which a process kills itself.

struct Kind {
  const char* name;
  const char* witness;
};

class ServingStorm : public testing::TestWithParam<Kind> {
 protected:
  static void SetUpTestSuite() {
    adopt_orphans();
    const HostUnderStorm warm_up;  // libraries keep threads once they are used
  }
  static void expect_nothing_left(const Census& before) {
    EXPECT_TRUE(eventually([&] { return take_census() == before; }))
        << "before: " << to_string(before) << "; after: " << to_string(take_census());
  }
};

TEST_P(ServingStorm, kills_at_random_lose_no_message_duplicate_none_unmarked_and_leave_nothing_behind) {
  const Census before = take_census();
  Account total;

  {
    HostUnderStorm storm{{.witness = GetParam().witness}};
    Killer killer{storm, 3};
    for (std::size_t round = 1; round <= shunt::test::scaled(kKills) / kKillsPerRound; ++round)
      ASSERT_NO_FATAL_FAILURE(run_round(storm, total,
                                        [&](Traffic& traffic) {
                                          const std::uint64_t wanted = killer.kills() + kKillsPerRound;
                                          while (killer.kills() < wanted) ASSERT_EQ(killer.strike(traffic), "");
                                        }))
          << "in round " << round;
    std::printf("%s\n%s\n", killer.describe().c_str(), describe(total).c_str());
  }

  expect_nothing_left(before);
  EXPECT_GT(total.replied, 0u);
  EXPECT_GT(total.delivered, 0u);
}

TEST_P(ServingStorm, processes_that_kill_themselves_at_a_step_lose_no_message_and_duplicate_none_unmarked) {
  const Census before = take_census();
  const std::size_t kills = shunt::test::scaled(kKillsAtSteps) / kSteps.size() + 1;

  for (const char* const step : kSteps) {
    SCOPED_TRACE(step);
    const KillAt plan{fmt::format("{}:{}", step, kPassing)};
    HostUnderStorm storm{{.launcher = STORM_LAUNCH_STEPS, .witness = GetParam().witness}};
    Account total;
    ASSERT_NO_FATAL_FAILURE(die_at_steps(storm, total, kills));
  }

  expect_nothing_left(before);
}

INSTANTIATE_TEST_SUITE_P(Witness, ServingStorm,
                         testing::Values(Kind{"late", STORM_WITNESS_LATE}, Kind{"crowd", STORM_WITNESS_CROWD}),
                         [](const auto& instance) { return std::string{instance.param.name}; });

}  // namespace
}  // namespace storm
