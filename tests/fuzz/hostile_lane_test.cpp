// A plugin that writes random bytes over all of its side of the lane and its pool never crashes, hangs or misleads the
// host. HostileLane aborts when a rule of the host's is broken; the sanitizers see every read outside a mapping.

#include "hostile_lane.hpp"

#include <cstdio>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::bus::test {
namespace {

constexpr std::uint64_t kSeed = 20261122;
constexpr std::size_t kPolls = 1'000'000;

using Random = std::mt19937_64;

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

void print(const HostileLane& lane) {
  std::printf("%lu lanes, %lu messages accepted, %lu chunks harvested\n", lane.lanes(), lane.accepted(),
              lane.harvested());
  for (const auto& [breach, count] : lane.breaches())
    std::printf("  %8lu  %s\n", count, std::string{describe(breach)}.c_str());
}

/// The bus's own checks, every one: a fuzz that never meets one of them does not test it.
void expect_every_breach(const HostileLane& lane) {
  for (int value = 1; value < static_cast<int>(Breach::Kind); ++value)
    EXPECT_TRUE(lane.breaches().contains(static_cast<Breach>(value))) << name(static_cast<Breach>(value));
}

TEST(HostilePlugin, writing_between_polls_breaks_no_rule_of_the_host) {
  HostileLane lane;
  Random random{kSeed};

  for (std::size_t poll = 0; poll < shunt::test::scaled(kPolls); ++poll) {
    for (auto acts = random() % 4; acts > 0; --acts) {
      const auto bytes = random_bytes(random, 80);
      Bytes stream{bytes};
      lane.writer()->act(stream);
    }
    lane.poll();
  }

  print(lane);
  expect_every_breach(lane);
  EXPECT_GT(lane.accepted(), 1000u);
  EXPECT_GT(lane.harvested(), 1000u);
}

TEST(HostilePlugin, writing_while_the_host_polls_breaks_no_rule_of_the_host) {
  HostileLane lane;
  std::mutex mutex;  // guards `target`
  std::shared_ptr<HostileWriter> target = lane.writer();
  // Neither gets far ahead of the other, however the machine shares its processors out.
  std::atomic<std::uint64_t> acts{0};
  std::atomic<std::uint64_t> polls{0};
  std::atomic<bool> stop{false};
  std::thread plugin{[&] {
    Random random{kSeed + 1};
    while (!stop.load(std::memory_order_relaxed)) {
      if (acts.load() > polls.load() + 20) {
        std::this_thread::yield();
        continue;
      }
      std::shared_ptr<HostileWriter> writer;  // held: the host may end the lane meanwhile
      {
        const std::lock_guard lock{mutex};
        writer = target;
      }
      const auto bytes = random_bytes(random, 80);
      Bytes stream{bytes};
      writer->act(stream);
      ++acts;
    }
  }};

  while (polls.load() < shunt::test::scaled(kPolls)) {
    while (polls.load() > acts.load() + 100) std::this_thread::yield();
    ++polls;
    if (lane.poll() == Breach::None) continue;
    const std::lock_guard lock{mutex};
    target = lane.writer();
  }
  stop.store(true);
  plugin.join();

  print(lane);
  EXPECT_GT(lane.accepted(), 0u);
  EXPECT_GE(lane.breaches().size(), 3u);
}

TEST(HostilePlugin, what_the_fuzzer_runs_breaks_no_rule_of_the_host_on_seeded_inputs) {
  Random random{kSeed + 2};

  poll_hostile_plugin({});
  for (std::size_t input = 0; input < shunt::test::scaled(10'000); ++input)
    poll_hostile_plugin(random_bytes(random, random() % 1000));

  SUCCEED();  // a rule that is broken aborts, because that is what a fuzzer listens to
}

}  // namespace
}  // namespace shunt::bus::test
