// Every process kills itself at one step of a message, named in steps.hpp, and so does the one that follows it.

#include "kill_at.hpp"
#include "leftovers.hpp"

#include <array>

#include <fmt/format.h>
#include <scale.hpp>

namespace storm {
namespace {

constexpr std::size_t kKills = 10'000;  ///< Over all steps and counts.
constexpr std::array kSteps{"Loaned", "Claimed", "HeaderWritten", "Committed", "Rung",  "Harvested",
                            "Taken",  "Begun",   "Handled",       "Done",      "Freed", "ReturnWritten"};
constexpr std::array kCounts{2, 7};  ///< At this passing of the step; 1 would let nothing be done, ever.

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
    ASSERT_NO_FATAL_FAILURE(die_at_steps(storm, total, kills));
  }

  EXPECT_TRUE(eventually([&] { return take_census() == before; }))
      << "before: " << to_string(before) << "; after: " << to_string(take_census());
}

INSTANTIATE_TEST_SUITE_P(Step, KillAtEveryStep, testing::ValuesIn(kSteps),
                         [](const auto& instance) { return std::string{instance.param}; });

}  // namespace
}  // namespace storm
