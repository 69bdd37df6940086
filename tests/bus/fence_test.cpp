// Whether the two full fences of doorbell.hpp are needed and enough: the real functions with the real fence, and the
// same functions with a fence that only the compiler sees.
//
// A lost wake-up is told by facts, not by time. In one round the sleeper looked, saw nothing and went to futex_wait;
// the waker committed, looked at the announcement and went on. If the waker has finished and the bell was not rung,
// then each missed the other's store: the sleeper would have slept for ever. The bounded wait only lets the test get
// on.

#include <shunt/bus/doorbell.hpp>

#include <cstdio>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>
#include <scale.hpp>
#include <sched.h>

namespace shunt::bus {
namespace {

using namespace std::chrono_literals;

/// The mutation: the compiler keeps the order of store and load, the processor need not.
struct NoFence {
  static void stand() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }
};

/// The first two processors that this process may use; fewer: the store buffers of two cores cannot be shown.
std::vector<int> two_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE && processors.size() < 2; ++i)
    if (CPU_ISSET(i, &allowed)) processors.push_back(i);
  return processors;
}

void pin(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
}

template <typename Condition>
void spin_until(Condition&& condition) {
  for (int spins = 0; !condition(); ++spins) {
    if (spins < 2000) spin_pause();
    else std::this_thread::yield();  // the other thread may need this very processor
  }
}

/// What sleeper and waker share; every word in a line of its own, as in a lane.
struct Litmus {
  struct alignas(kCacheLine) Word {
    std::atomic<std::uint64_t> value{0};
  };
  Doorbell sleeper;
  Doorbell waker;
  Word committed;      // by the waker: the message of round r is there
  Word sleeper_ready;  // both at the start of round r
  Word waker_ready;
  Word waker_finished;  // ring() of round r has returned
  Word stop;
};

struct LitmusResult {
  std::uint64_t rounds = 0;
  std::uint64_t slept = 0;  ///< Rounds in which the sleeper reached futex_wait.
  std::uint64_t lost = 0;
};

template <typename Fence>
LitmusResult sleep_and_wake(std::uint64_t rounds, std::uint64_t lost_max, std::chrono::nanoseconds timeout) {
  const auto processors = two_processors();
  const auto shared = std::make_unique<Litmus>();
  Litmus& litmus = *shared;
  LitmusResult result;
  constexpr auto kRelaxed = std::memory_order_relaxed;
  // Neither thread is always the first: each waits a little after the start, differently every round.
  const auto step_back = [](auto& random) {
    for (auto spins = random() % 256; spins > 0; --spins) std::atomic_signal_fence(std::memory_order_seq_cst);
  };

  std::thread waker{[&] {
    pin(processors[0]);
    std::minstd_rand random{1};
    for (std::uint64_t round = 1; litmus.stop.value.load() == 0; ++round) {
      (void)litmus.sleeper.asleep.load(kRelaxed);  // a warm line: the look must be faster than the store before it
      litmus.waker_ready.value.store(round);
      spin_until([&] { return litmus.sleeper_ready.value.load() >= round || litmus.stop.value.load() != 0; });
      step_back(random);
      litmus.committed.value.store(round, std::memory_order_release);
      ring<Fence>(litmus.waker, litmus.sleeper);
      litmus.waker_finished.value.store(round);
    }
  }};
  std::thread sleeper{[&] {
    pin(processors[1]);
    std::minstd_rand random{2};
    for (std::uint64_t round = 1; round <= rounds && result.lost < lost_max; ++round) {
      bool there = false;
      const auto rung = litmus.waker.rung.load(kRelaxed);
      (void)litmus.committed.value.load(kRelaxed);
      litmus.sleeper_ready.value.store(round);
      spin_until([&] { return litmus.waker_ready.value.load() >= round; });
      step_back(random);
      sleep_until_rung<Fence>(litmus.sleeper, litmus.waker, timeout, [&] {
        there = litmus.committed.value.load(std::memory_order_acquire) >= round;
        return there;
      });
      spin_until([&] { return litmus.waker_finished.value.load() >= round; });
      result.slept += !there;
      result.lost += !there && litmus.waker.rung.load(kRelaxed) == rung;
      result.rounds = round;
    }
    litmus.stop.value.store(1);
  }};
  sleeper.join();
  waker.join();
  return result;
}

TEST(Fence, with_both_fences_no_wake_up_is_lost) {
  if (two_processors().size() < 2) GTEST_SKIP() << "one processor only";

  const auto result = sleep_and_wake<FullFence>(test::scaled(2'000'000), 1, 30s);

  EXPECT_EQ(result.lost, 0u) << "in round " << result.rounds;
  EXPECT_GT(result.slept, 0u);
  std::printf("%lu rounds, %lu of them slept\n", result.rounds, result.slept);
}

TEST(Fence, without_the_fences_wake_ups_are_lost) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer puts fences of its own between any two atomics";
#elif !defined(__OPTIMIZE__)
  GTEST_SKIP() << "without optimization the order of an atomic store is no constant to the compiler: each is a fence";
#endif
  if (two_processors().size() < 2) GTEST_SKIP() << "one processor only";
  constexpr std::uint64_t kRoundsMax = 2'000'000;
  constexpr std::uint64_t kLostEnough = 3;

  const auto result = sleep_and_wake<NoFence>(kRoundsMax, kLostEnough, 100ms);

  EXPECT_GE(result.lost, 1u) << "this test would not notice a missing fence";
  std::printf("%lu lost in %lu rounds\n", result.lost, result.rounds);
}

/// Two threads that wake each other in turn, each of them asleep most of the time.
struct PingPong {
  struct alignas(kCacheLine) Half {
    std::atomic<std::uint64_t> committed{0};
    std::atomic<std::uint64_t> finished{0};  ///< ring() for this number has returned.
    Doorbell bell;
    std::uint64_t slept = 0;
    std::atomic<std::uint64_t> lost{0};
  };

  static void send(Half& mine, const Half& theirs, std::uint64_t number) {
    mine.committed.store(number, std::memory_order_release);
    ring(mine.bell, theirs.bell);
    mine.finished.store(number, std::memory_order_release);
  }
  static void await(Half& mine, const Half& theirs, std::uint64_t number) {
    const auto there = [&] { return theirs.committed.load(std::memory_order_acquire) >= number; };
    while (!there()) {
      bool looked_in_vain = false;
      const auto rung = theirs.bell.rung.load(std::memory_order_relaxed);
      sleep_until_rung(mine.bell, theirs.bell, 30s, [&] {
        looked_in_vain = !there();
        return !looked_in_vain;
      });
      mine.slept += looked_in_vain;
      const bool finished = theirs.finished.load(std::memory_order_acquire) >= number;
      mine.lost += looked_in_vain && finished && theirs.bell.rung.load(std::memory_order_relaxed) == rung;
    }
  }

  Half a;
  Half b;
};

TEST(Fence, two_threads_that_take_turns_asleep_are_woken_every_time) {
  const std::uint64_t rounds = test::scaled(1'000'000);
  const auto shared = std::make_unique<PingPong>();
  PingPong::Half& a = shared->a;
  PingPong::Half& b = shared->b;

  std::thread other{[&] {
    for (std::uint64_t number = 1; number <= rounds; ++number) {
      PingPong::await(b, a, number);
      PingPong::send(b, a, number);
    }
  }};
  for (std::uint64_t number = 1; number <= rounds; ++number) {
    PingPong::send(a, b, number);
    PingPong::await(a, b, number);
  }
  other.join();

  EXPECT_EQ(a.lost.load() + b.lost.load(), 0u);
  EXPECT_GT(a.slept, rounds / 2) << "the test is about sleeping";
  EXPECT_GT(b.slept, rounds / 2);
}

}  // namespace
}  // namespace shunt::bus
