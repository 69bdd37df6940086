/// What the model of memory finds and what it does not: the small programs that memory models are described by.

#include "world.hpp"

#include <atomic>
#include <memory>

#include <gtest/gtest.h>

namespace shunt::model {
namespace {

struct Two {
  std::atomic<std::uint32_t> first{0};
  std::atomic<std::uint32_t> second{0};
  std::uint64_t data = 0;
  std::uint32_t seen_by_one = 0;
  std::uint32_t seen_by_other = 0;

  explicit Two(World& world) {
    world.share(&data, sizeof data);
    world.word("first", first);
    world.word("second", second);
  }
};

/// Each puts something and looks for the other's.
auto store_buffering(std::memory_order order, bool fences) {
  return [order, fences](World& world) {
    const auto two = std::make_shared<Two>(world);
    const auto store_order = order == std::memory_order_seq_cst ? std::memory_order_release : order;
    const auto side = [=](std::atomic<std::uint32_t>& mine, std::atomic<std::uint32_t>& other, std::uint32_t& seen) {
      mine.store(1, store_order);
      if (fences) std::atomic_thread_fence(std::memory_order_seq_cst);
      seen = other.load(std::memory_order_relaxed);
    };
    world.thread("one", [=] { side(two->first, two->second, two->seen_by_one); });
    world.thread("other", [=] { side(two->second, two->first, two->seen_by_other); });
    world.at_end([=] { require(two->seen_by_one + two->seen_by_other > 0, "one sees the other"); });
  };
}

/// Data, and a word that says that it is there.
auto message_passing(std::memory_order store, std::memory_order load, bool fences = false) {
  return [=](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.thread("sender", [=] {
      two->data = 7;
      if (fences) std::atomic_thread_fence(std::memory_order_release);
      two->first.store(1, store);
    });
    world.thread("receiver", [=] {
      until([&] { return two->first.load(load) == 1; });
      if (fences) std::atomic_thread_fence(std::memory_order_acquire);
      require(two->data == 7, "the data is there");
    });
  };
}

TEST(Litmus, without_fences_neither_of_two_may_see_the_other) {
  EXPECT_NE(explore(store_buffering(std::memory_order_relaxed, false)).failure, "");
  EXPECT_NE(explore(store_buffering(std::memory_order_release, false)).failure, "");
}

TEST(Litmus, with_full_fences_one_of_two_sees_the_other) {
  EXPECT_EQ(explore(store_buffering(std::memory_order_relaxed, true)).failure, "");
}

TEST(Litmus, a_message_passes_by_release_and_acquire_or_by_their_fences) {
  EXPECT_EQ(explore(message_passing(std::memory_order_release, std::memory_order_acquire)).failure, "");
  EXPECT_EQ(explore(message_passing(std::memory_order_relaxed, std::memory_order_relaxed, true)).failure, "");
}

TEST(Litmus, a_message_does_not_pass_by_half_of_that) {
  for (const auto& [store, load] : {std::pair{std::memory_order_relaxed, std::memory_order_acquire},
                                    {std::memory_order_release, std::memory_order_relaxed},
                                    {std::memory_order_relaxed, std::memory_order_relaxed}})
    EXPECT_NE(explore(message_passing(store, load)).failure.find("receiver: it reads what is being written"),
              std::string::npos);
}

TEST(Litmus, a_word_never_goes_back_for_one_reader) {
  const Verdict verdict = explore([](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.thread("writer", [=] {
      two->first.store(1, std::memory_order_relaxed);
      two->first.store(2, std::memory_order_relaxed);
    });
    world.thread("reader", [=] {
      const auto before = two->first.load(std::memory_order_relaxed);
      require(two->first.load(std::memory_order_relaxed) >= before, "coherence");
    });
  });

  EXPECT_EQ(verdict.failure, "");
}

TEST(Litmus, what_a_third_passes_on_is_known_to_the_last) {
  const Verdict verdict = explore([](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.thread("first", [=] {
      two->data = 7;
      two->first.store(1, std::memory_order_release);
    });
    world.thread("second", [=] {
      until([&] { return two->first.load(std::memory_order_acquire) == 1; });
      two->second.store(1, std::memory_order_release);
    });
    world.thread("third", [=] {
      until([&] { return two->second.load(std::memory_order_acquire) == 1; });
      require(two->data == 7, "causality");
    });
  });

  EXPECT_EQ(verdict.failure, "");
}

TEST(Litmus, two_writers_of_one_word_are_refused) {
  const Verdict verdict = explore([](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.thread("one", [=] { two->first.store(1, std::memory_order_release); });
    world.thread("other", [=] { two->first.store(2, std::memory_order_release); });
  });

  EXPECT_NE(verdict.failure.find("two threads write first"), std::string::npos) << verdict.failure;
}

TEST(Litmus, who_waits_for_what_never_comes_is_named) {
  const Verdict verdict = explore([](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.thread("patient", [=] { until([&] { return two->first.load(std::memory_order_acquire) == 1; }); });
  });

  EXPECT_EQ(verdict.failure.substr(0, verdict.failure.find('\n')), "patient waits for ever");
}

TEST(Litmus, a_thread_may_be_killed_between_any_two_of_its_accesses) {
  const auto one_without_the_other = [](World& world) {
    const auto two = std::make_shared<Two>(world);
    world.mortal_thread("mortal", [=] {
      two->first.store(1, std::memory_order_relaxed);
      two->second.store(1, std::memory_order_relaxed);
    });
    world.thread("heir", [=] {
      reap("mortal");
      const auto second = two->second.load(std::memory_order_relaxed);
      require(two->first.load(std::memory_order_relaxed) == second, "both or none");
    });
  };

  EXPECT_NE(explore(one_without_the_other).failure.find("mortal: is killed"), std::string::npos);
}

}  // namespace
}  // namespace shunt::model
