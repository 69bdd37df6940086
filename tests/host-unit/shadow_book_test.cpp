/// What a shadow says beside what was answered, by threads that answer in any order.
#include "shadow_book.hpp"

#include "route_info.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

constexpr std::uint16_t kFailed = 61;

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span{text}); }

class Shadowing : public testing::Test {
 protected:
  ShadowPair* begin() {
    ShadowPair* const pair = book_->begin(route_);
    if (pair != nullptr) pair->hold(), pair->hold();  // both requests
    return pair;
  }
  static void answer(ShadowPair& pair, ShadowSide side, const std::string& payload, std::uint16_t status = 0) {
    pair.say(side, status, bytes(payload));
    pair.let_go();
  }
  /// A pair with both answers, whoever sends having let go before.
  void both(const std::string& real, const std::string& shadow, std::uint16_t real_status = 0,
            std::uint16_t shadow_status = 0) {
    ShadowPair* const pair = begin();
    ASSERT_NE(pair, nullptr);
    pair->let_go();
    answer(*pair, ShadowSide::Shadow, shadow, shadow_status);
    answer(*pair, ShadowSide::Real, real, real_status);
  }

  RouteInfo route_;
  std::unique_ptr<ShadowBook> book_ = std::make_unique<ShadowBook>(1000);
};

TEST_F(Shadowing, compares_when_the_last_has_let_go) {
  ShadowPair* const pair = begin();
  answer(*pair, ShadowSide::Real, "yes");
  answer(*pair, ShadowSide::Shadow, "yes");
  EXPECT_EQ(book_->counts().compared, 0u) << "who sends holds it yet";

  pair->let_go();

  EXPECT_EQ(book_->counts().compared, 1u);
  EXPECT_EQ(book_->counts().differences, 0u);
  EXPECT_TRUE(book_->is_idle());
}

TEST_F(Shadowing, asks_of_replies_with_other_bytes_whether_they_are_the_same) {
  both("yes", "yeah");
  EXPECT_EQ(book_->counts().compared, 0u);

  std::string seen;
  book_->settle([&](const ShadowPair& pair) {
    for (const auto side : {ShadowSide::Real, ShadowSide::Shadow})
      seen.append(reinterpret_cast<const char*>(pair.reply(side).data()), pair.reply(side).size()).append(" ");
    return false;
  });
  both("yes", "yeah");
  book_->settle([](const ShadowPair&) { return true; });

  EXPECT_EQ(seen, "yes yeah ");
  EXPECT_EQ(book_->counts().compared, 2u);
  EXPECT_EQ(book_->counts().differences, 1u);
}

TEST_F(Shadowing, takes_a_failure_for_another_answer_than_a_reply_and_for_the_same_as_the_same) {
  both("yes", "no memory", 0, kFailed);
  both("no memory", "told to fail", kFailed, kFailed);

  EXPECT_EQ(book_->counts().compared, 2u);
  EXPECT_EQ(book_->counts().differences, 1u) << "of failures the code counts, and not the text";
}

TEST_F(Shadowing, does_not_compare_what_lacks_a_side_or_is_too_large) {
  ShadowPair* const pair = begin();
  answer(*pair, ShadowSide::Real, "yes");
  pair->let_go();  // the shadow died
  pair->let_go();
  both(std::string(ShadowPair::kBytesMax, 'a'), std::string(ShadowPair::kBytesMax, 'a'));
  both(std::string(ShadowPair::kBytesMax + 1, 'a'), std::string(ShadowPair::kBytesMax + 1, 'a'));

  EXPECT_EQ(book_->counts().compared, 1u);
  EXPECT_EQ(book_->counts().not_compared, 2u);
  EXPECT_TRUE(book_->is_idle());
}

TEST_F(Shadowing, has_no_more_pairs_than_there_are_and_counts_what_it_could_not_take) {
  std::vector<ShadowPair*> pairs;
  while (ShadowPair* const pair = begin()) pairs.push_back(pair);
  EXPECT_EQ(pairs.size(), ShadowBook::kPairs);
  EXPECT_EQ(book_->counts().not_compared, 1u);

  for (ShadowPair* const pair : pairs) pair->let_go(), pair->let_go(), pair->let_go();

  EXPECT_TRUE(book_->is_idle());
  EXPECT_NE(begin(), nullptr);
}

TEST_F(Shadowing, admits_exactly_its_share_of_every_thousand) {
  for (const std::uint32_t share : {1u, 50u, 333u, 999u, 1000u}) {
    ShadowBook book{share};
    for (int thousand = 0; thousand < 3; ++thousand) {
      std::uint32_t admitted = 0;
      for (int i = 0; i < 1000; ++i) admitted += book.admits() ? 1 : 0;
      EXPECT_EQ(admitted, share);
    }
  }
}

TEST_F(Shadowing, loses_no_pair_among_threads_that_answer_at_once) {
  constexpr int kThreads = 3, kRounds = 2000;
  std::atomic<ShadowPair*> handed[kThreads]{};
  std::atomic<int> sent{0};
  std::vector<std::jthread> shadows;
  for (auto& slot : handed)
    shadows.emplace_back([&slot](const std::stop_token& stop) {
      while (!stop.stop_requested())
        if (ShadowPair* const pair = slot.exchange(nullptr, std::memory_order_acquire))
          answer(*pair, ShadowSide::Shadow, "yes");
    });
  {
    std::vector<std::jthread> senders;
    for (auto& slot : handed)
      senders.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          ShadowPair* const pair = begin();
          if (pair == nullptr) continue;
          while (slot.load(std::memory_order_relaxed) != nullptr) std::this_thread::yield();
          slot.store(pair, std::memory_order_release);
          answer(*pair, ShadowSide::Real, i % 2 == 0 ? "yes" : "no");
          pair->let_go();
          sent.fetch_add(1, std::memory_order_relaxed);
          if (i % 16 == 0 && &slot == &handed[0]) book_->settle([](const ShadowPair&) { return false; });
        }
      });
  }
  for (auto& slot : handed)
    while (slot.load(std::memory_order_relaxed) != nullptr) std::this_thread::yield();
  shadows.clear();

  book_->settle([](const ShadowPair&) { return false; });
  EXPECT_EQ(book_->counts().compared, static_cast<std::uint64_t>(sent.load()));
  EXPECT_TRUE(book_->is_idle());
}

}  // namespace
}  // namespace shunt::host
