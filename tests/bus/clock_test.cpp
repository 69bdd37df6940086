// The clock of deadlines against the kernel's, which it counts on from.

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <thread>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

constexpr std::int64_t kToleranceNs = 1000;
constexpr std::int64_t kLongNs = 200'000'000;  ///< Past the calibration, and many readings of the kernel's clock.

std::int64_t kernel_ns() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// How far outside of two readings of the kernel's clock the one between them lay, at worst.
std::int64_t worst_error_ns() {
  std::int64_t worst = 0;
  for (const std::int64_t end = kernel_ns() + kLongNs; kernel_ns() < end;) {
    const std::int64_t before = kernel_ns();
    const std::int64_t now = now_ns();
    worst = std::max({worst, before - now, now - kernel_ns()});
  }
  return worst;
}

TEST(Clock, agrees_with_the_kernels_to_within_a_microsecond) { EXPECT_LE(worst_error_ns(), kToleranceNs); }

TEST(Clock, agrees_in_a_thread_that_starts_late) {
  std::int64_t worst = kLongNs;
  std::thread{[&] { worst = worst_error_ns(); }}.join();
  EXPECT_LE(worst, kToleranceNs);
}

TEST(Clock, never_goes_back_within_a_thread) {
  std::int64_t last = 0;
  for (const std::int64_t end = now_ns() + kLongNs; last < end;) {
    const std::int64_t now = now_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Clock, a_deadline_without_end_is_far_away_and_leaves_room_to_add_to_it) {
  const std::int64_t now = now_ns();
  const std::int64_t most = deadline_after(now, std::chrono::nanoseconds::max());

  EXPECT_GT(most - now, std::chrono::nanoseconds{std::chrono::hours{24 * 365}}.count());
  EXPECT_LT(most, std::numeric_limits<std::int64_t>::max() / 2);
  EXPECT_EQ(deadline_after(now, std::chrono::milliseconds{3}), now + 3'000'000);
}

TEST(Clock, a_deadline_that_has_passed_is_now) {
  EXPECT_EQ(deadline_after(1000, std::chrono::nanoseconds{-1}), 1000);
  EXPECT_EQ(deadline_after(1000, std::chrono::nanoseconds::min()), 1000);
}

#if defined(__x86_64__)
TEST(Clock, never_goes_back_although_it_had_run_ahead_of_the_kernels) {
  detail::ClockReading ahead;
  ahead.ticks = detail::time_stamp();
  ahead.ns = kernel_ns() + 1'000'000;  // a scale that was too large would lead here
  EXPECT_GE(detail::read_clock(ahead), ahead.ns);
}

TEST(Clock, asks_the_kernel_when_the_time_stamps_went_back) {
  detail::ClockReading elsewhere;
  static_cast<void>(detail::read_clock(elsewhere));
  elsewhere.ticks += 1u << 30;  // the machine was moved to one that started later
  elsewhere.ns = 0;
  const std::int64_t before = kernel_ns();
  EXPECT_GE(detail::read_clock(elsewhere), before);
}
#endif

}  // namespace
}  // namespace shunt::bus
