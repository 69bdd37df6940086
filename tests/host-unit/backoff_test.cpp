#include "backoff.hpp"

#include <gtest/gtest.h>

namespace shunt {
namespace {

using namespace std::chrono_literals;

const Backoff::TimePoint kStart{1h};

TEST(Backoff, delays_double_from_ten_milliseconds_to_five_seconds) {
  Backoff backoff({.crashes_max = 1000, .crash_window = 1ns});
  auto now = kStart;

  for (auto expected = 10ms; expected < 5s; expected *= 2) EXPECT_EQ(backoff.crashed(now += 1s), expected);

  EXPECT_EQ(backoff.crashed(now += 1s), 5s);
  EXPECT_EQ(backoff.crashed(now += 1s), 5s);
}

TEST(Backoff, the_fifth_crash_within_thirty_seconds_quarantines) {
  Backoff backoff{RestartPolicy()};

  for (int i = 0; i < 4; ++i) EXPECT_TRUE(backoff.crashed(kStart + i * 7s));

  EXPECT_FALSE(backoff.is_quarantined());
  EXPECT_FALSE(backoff.crashed(kStart + 30s)) << "the window includes its end";
  EXPECT_TRUE(backoff.is_quarantined());
}

TEST(Backoff, five_crashes_in_more_than_thirty_seconds_do_not_quarantine) {
  Backoff backoff{RestartPolicy()};

  for (int i = 0; i < 4; ++i) EXPECT_TRUE(backoff.crashed(kStart + i * 7s));

  EXPECT_TRUE(backoff.crashed(kStart + 30s + 1ns));
}

TEST(Backoff, a_quarantined_plugin_stays_so_however_much_time_passes) {
  Backoff backoff({.crashes_max = 1});
  EXPECT_FALSE(backoff.crashed(kStart));

  EXPECT_FALSE(backoff.crashed(kStart + 24h));
}

TEST(Backoff, a_healthy_period_starts_the_delay_over) {
  Backoff backoff({.healthy_after = 10s, .crashes_max = 100});
  EXPECT_EQ(backoff.crashed(kStart), 10ms);
  EXPECT_EQ(backoff.crashed(kStart), 20ms);

  backoff.became_active(kStart + 1s);

  EXPECT_EQ(backoff.crashed(kStart + 11s), 10ms);
}

TEST(Backoff, a_period_too_short_to_be_healthy_does_not_start_the_delay_over) {
  Backoff backoff({.healthy_after = 10s, .crashes_max = 100});
  EXPECT_EQ(backoff.crashed(kStart), 10ms);

  backoff.became_active(kStart + 1s);

  EXPECT_EQ(backoff.crashed(kStart + 11s - 1ns), 20ms);
}

TEST(Backoff, an_instance_that_never_became_active_was_never_healthy) {
  Backoff backoff({.healthy_after = 10s, .crashes_max = 100});
  backoff.became_active(kStart);
  EXPECT_EQ(backoff.crashed(kStart + 1s), 10ms);

  EXPECT_EQ(backoff.crashed(kStart + 1h), 20ms) << "the earlier instance's start does not count";
}

TEST(Backoff, release_forgets_every_crash) {
  Backoff backoff{RestartPolicy()};
  for (int i = 0; i < 5; ++i) static_cast<void>(backoff.crashed(kStart));
  ASSERT_TRUE(backoff.is_quarantined());

  backoff.release();

  EXPECT_EQ(backoff, Backoff{RestartPolicy()});
  EXPECT_EQ(backoff.crashed(kStart), 10ms);
}

}  // namespace
}  // namespace shunt
