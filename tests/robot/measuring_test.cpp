/// The figures of the report.
#include "metronome.hpp"
#include "samples.hpp"
#include "time.hpp"

#include <gtest/gtest.h>

namespace robot_demo {
namespace {

TEST(Samples, are_told_by_their_median_their_last_percent_and_their_worst) {
  Samples samples{1000};
  for (std::int64_t i = 1000; i >= 1; --i) samples.add(i);

  const Spread spread = samples.spread();

  EXPECT_EQ(spread.p50, 500);
  EXPECT_EQ(spread.p99, 990);
  EXPECT_EQ(spread.max, 1000);
  EXPECT_EQ(samples.above(900), 100u);
}

TEST(Samples, without_any_are_zero) {
  const Spread spread = Samples{10}.spread();

  EXPECT_EQ(spread.p50, 0);
  EXPECT_EQ(spread.max, 0);
}

/// However late it wakes up: the periods stay where they are.
TEST(Metronome, wakes_at_every_period_and_never_before) {
  const std::int64_t begin = now_ns();
  Metronome metronome;

  for (std::int64_t period = 1; period <= 20; ++period) {
    const std::int64_t late = metronome.wait();
    EXPECT_GE(late, 0);
    EXPECT_GE(now_ns() - begin, period * kPeriodNs);
  }
}

}  // namespace
}  // namespace robot_demo
