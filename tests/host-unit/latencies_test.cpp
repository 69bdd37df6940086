#include "latencies.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

TEST(Latencies, know_nothing_of_no_call) {
  const Latencies latencies;

  EXPECT_EQ(latencies.counts().all(), 0u);
  EXPECT_EQ(latencies.counts().percentile(990).count(), 0);
}

TEST(Latencies, say_a_percentile_upwards_and_by_at_most_three_percent) {
  Latencies latencies;
  std::vector<std::int64_t> exact;
  std::mt19937_64 random{1};
  std::lognormal_distribution<double> spread{10, 3};
  for (int i = 0; i < 100'000; ++i) {
    exact.push_back(std::min<std::int64_t>(std::llround(spread(random)), 60'000'000'000));
    latencies.add(exact.back());
  }
  std::ranges::sort(exact);

  for (const std::uint32_t thousandths : {1u, 10u, 500u, 900u, 990u, 999u, 1000u}) {
    const auto rank = (exact.size() * thousandths + 999) / 1000;
    const std::int64_t truth = exact[rank - 1];
    const std::int64_t said = latencies.counts().percentile(thousandths).count();
    EXPECT_GE(said, truth) << thousandths;
    EXPECT_LE(said, truth + truth / 32 + 1) << thousandths;
  }
}

TEST(Latencies, count_small_ones_one_by_one_and_put_what_is_beyond_the_last_step_there) {
  Latencies latencies;
  for (const std::int64_t took : {-5, 0, 1, 31}) latencies.add(took);
  EXPECT_EQ(latencies.counts().percentile(500).count(), 0) << "a clock that went back is 0";
  EXPECT_EQ(latencies.counts().percentile(750).count(), 1);
  EXPECT_EQ(latencies.counts().percentile(1000).count(), 31);

  latencies.add(INT64_MAX);

  EXPECT_GT(latencies.counts().percentile(1000), std::chrono::seconds{60});
  EXPECT_EQ(latencies.counts().all(), 5u);
}

TEST(Latencies, tell_what_came_in_between) {
  Latencies latencies;
  for (int i = 0; i < 100; ++i) latencies.add(10);
  const auto before = latencies.counts();
  latencies.add(1'000'000);

  const auto since = latencies.counts() - before;

  EXPECT_EQ(since.all(), 1u);
  EXPECT_GE(since.percentile(500).count(), 1'000'000);
}

}  // namespace
}  // namespace shunt::host
