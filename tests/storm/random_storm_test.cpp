// Processes are killed at random moments while messages go every way there is.

#include "killer.hpp"
#include "leftovers.hpp"
#include "round.hpp"
#include "waiting.hpp"

#include <algorithm>
#include <cstdio>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace storm {
namespace {

constexpr std::size_t kKills = 10'000;
constexpr std::size_t kKillsPerRound = 50;  ///< After which everything comes to rest and is accounted for.

TEST(KillStorm, kills_at_random_lose_no_message_duplicate_none_unmarked_and_leave_nothing_behind) {
  adopt_orphans();
  { const HostUnderStorm warm_up; }  // libraries keep threads once they are used
  const Census before = take_census();
  const std::size_t rounds = shunt::test::scaled(kKills) / kKillsPerRound;
  std::size_t resident_early = 0;
  std::size_t resident_late = 0;
  Account total;

  {
    HostUnderStorm storm;
    Killer killer{storm, 1};
    for (std::size_t round = 1; round <= rounds; ++round) {
      ASSERT_NO_FATAL_FAILURE(run_round(storm, total,
                                        [&](Traffic& traffic) {
                                          const std::uint64_t wanted = killer.kills() + kKillsPerRound;
                                          while (killer.kills() < wanted) ASSERT_EQ(killer.strike(traffic), "");
                                        }))
          << "in round " << round;
      if (round == std::max<std::size_t>(rounds / 10, 1)) resident_early = resident_bytes();
    }
    resident_late = resident_bytes();
    std::printf("%s\n%s\nresident: %zu KiB after a tenth, %zu KiB at the end\n", killer.describe().c_str(),
                describe(total).c_str(), resident_early / 1024, resident_late / 1024);
  }

  EXPECT_TRUE(eventually([&] { return take_census() == before; }))
      << "before: " << to_string(before) << "; after: " << to_string(take_census());
  EXPECT_GT(total.replied, 0u);
  EXPECT_GT(total.delivered, 0u);
#ifndef SHUNT_SANITIZED  // which keep what was freed
  EXPECT_LT(resident_late, resident_early + (16u << 20));
#endif
}

}  // namespace
}  // namespace storm
