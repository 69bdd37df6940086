// Sleeping and waking, one thing at a time. That no wake-up is lost is fence_test's.

#include "lane_pair.hpp"

#include <shunt/bus/doorbell.hpp>

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = 60s;  // a test that sleeps this long has failed

void wait_until_asleep(const Doorbell& bell) {
  while (bell.asleep.load() == 0) std::this_thread::yield();
}

TEST(DoorbellTest, ringing_for_a_peer_that_is_awake_changes_nothing) {
  Doorbell mine;
  const Doorbell peer;

  ring(mine, peer);

  EXPECT_EQ(mine.rung.load(), 0u);
}

TEST(DoorbellTest, ringing_for_a_sleeper_counts_and_wakes_it) {
  Doorbell waker;
  Doorbell sleeper;
  std::atomic<bool> there{false};
  std::thread thread{[&] {
    while (!there.load()) sleep_until_rung(sleeper, waker, kNever, [&] { return there.load(); });
  }};

  wait_until_asleep(sleeper);
  there.store(true);
  ring(waker, sleeper);
  thread.join();

  EXPECT_LE(waker.rung.load(), 1u);
  EXPECT_EQ(sleeper.asleep.load(), 0u);
}

TEST(DoorbellTest, a_sleeper_that_finds_something_in_its_last_look_does_not_sleep) {
  Doorbell mine;
  const Doorbell peer;
  int looks = 0;

  sleep_until_rung(mine, peer, kNever, [&] {
    EXPECT_EQ(mine.asleep.load(), 1u) << "announced before the look";
    return ++looks > 0;
  });

  EXPECT_EQ(looks, 1);
  EXPECT_EQ(mine.asleep.load(), 0u);
}

TEST(DoorbellTest, a_bell_rung_between_the_look_and_the_sleep_is_not_missed) {
  Doorbell mine;
  Doorbell peer;

  sleep_until_rung(mine, peer, kNever, [&] {
    ring(peer, mine);
    return false;
  });

  EXPECT_EQ(peer.rung.load(), 1u);
}

TEST(DoorbellTest, a_sleep_ends_with_its_timeout_and_a_negative_one_at_once) {
  Doorbell mine;
  const Doorbell peer;

  sleep_until_rung(mine, peer, 1ms, [] { return false; });
  sleep_until_rung(mine, peer, -1s, [] { return false; });

  EXPECT_EQ(mine.asleep.load(), 0u);
}

TEST(DoorbellTest, a_sleeper_wakes_through_a_mapping_that_it_can_only_read) {
  InboundPool inbound;
  LanePair lane{inbound};
  std::thread thread{[&] {
    const Bell bell = lane.plugin->bell();
    while (!lane.plugin->receiver.has_message(Ring::Data))
      sleep_until_rung(*bell.mine, *bell.peer, kNever, [&] { return lane.plugin->receiver.has_message(Ring::Data); });
  }};

  wait_until_asleep(lane.host->theirs().doorbell);
  send_text(*lane.host, Ring::Data, "wake up");
  lane.host->sender.wake();
  thread.join();

  EXPECT_EQ(text_of(lane.plugin->receiver.next(Ring::Data)->payload), "wake up");
}

TEST(DoorbellTest, a_lane_whose_peer_never_sleeps_is_never_rung) {
  InboundPool inbound;
  LaneMemory memory;
  const auto host = must(LaneEnd::open_host(test_shape(), memory, {4, 2}, {.host = true, .plugin = false}));
  const auto plugin = must(LaneEnd::open_plugin(test_shape(), memory, inbound.memory.get(), {}));
  plugin->mine().doorbell.asleep.store(1);

  send_text(*host, Ring::Data, "x");
  host->sender.wake();

  EXPECT_EQ(host->mine().doorbell.rung.load(), 0u);
}

struct ManyBells : testing::Test {
  explicit ManyBells(std::size_t count = 20) : mine(count), peers(count) {
    for (std::size_t i = 0; i < count; ++i) bells.push_back({&mine[i], &peers[i]});
  }
  std::vector<Doorbell> mine;
  std::vector<Doorbell> peers;
  std::vector<Bell> bells;
  std::atomic<std::uint32_t> own{0};
  std::atomic<bool> there{false};

  std::thread sleeper() {
    return std::thread{[this] {
      while (!there.load()) sleep_until_any_rung(bells, own, 0, kNever, [this] { return there.load(); });
    }};
  }
};

TEST_F(ManyBells, one_thread_wakes_by_any_of_many_bells) {
  for (std::size_t i = 0; i < bells.size(); ++i) {
    there.store(false);
    std::thread thread = sleeper();

    wait_until_asleep(mine[i]);
    there.store(true);
    ring(peers[i], mine[i]);
    thread.join();

    EXPECT_EQ(mine[i].asleep.load(), 0u);
  }
}

TEST_F(ManyBells, a_thread_of_the_same_process_wakes_the_sleeper_through_its_own_word) {
  std::thread thread = sleeper();

  wait_until_asleep(mine.back());
  there.store(true);
  own.store(1);
  detail::futex_wake(&own, 1);
  thread.join();

  EXPECT_EQ(own.load(), 1u);
}

TEST_F(ManyBells, a_word_that_has_changed_already_does_not_let_the_thread_sleep) {
  own.store(7);

  sleep_until_any_rung(bells, own, 6, kNever, [] { return false; });

  for (const Doorbell& bell : mine) EXPECT_EQ(bell.asleep.load(), 0u);
}

TEST_F(ManyBells, a_bell_rung_between_the_look_and_the_sleep_is_not_missed) {
  sleep_until_any_rung(bells, own, 0, kNever, [&] {
    ring(peers[3], mine[3]);
    return false;
  });

  EXPECT_EQ(peers[3].rung.load(), 1u);
}

struct TooManyBells : ManyBells {
  TooManyBells() : ManyBells(kBellsMax + 10) {}
};

TEST_F(TooManyBells, more_bells_than_the_kernel_takes_still_sleep_and_wake) {
  std::thread thread = sleeper();

  wait_until_asleep(mine[kBellsMax - 1]);
  there.store(true);
  ring(peers[kBellsMax - 1], mine[kBellsMax - 1]);
  thread.join();

  EXPECT_EQ(mine[kBellsMax].asleep.load(), 0u) << "the rest is not announced: nobody is to ring for it";
}

}  // namespace
}  // namespace shunt::bus::test
