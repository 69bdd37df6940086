#include "outlet.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

Outlet outlet_of(SlowConsumer policy, std::uint32_t backlog) { return {{1}, "consumer", policy, backlog, 16, nullptr}; }

QueuedMessage numbered(std::uint64_t number) {
  QueuedMessage message{};
  message.header.kind = bus::Kind::Publication;
  message.header.correlation = number;
  return message;
}

/// The numbers of up to `most` messages that wait, which are gone then.
std::vector<std::uint64_t> flush(Outlet& outlet, std::size_t most) {
  std::vector<std::uint64_t> numbers;
  outlet.flush([&](const QueuedMessage& message) {
    if (numbers.size() == most) return false;
    numbers.push_back(message.header.correlation);
    return true;
  });
  return numbers;
}

TEST(Outlet, what_is_put_back_goes_before_what_waits_in_its_own_order) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse, 4);
  outlet.enqueue({numbered(100).header, {}}, [](const QueuedMessage&) {});
  std::vector<QueuedMessage> leftovers;
  leftovers.reserve(100);
  for (std::uint64_t i = 0; i < 100; ++i) leftovers.push_back(numbered(i));  // more than it was made for
  std::vector<const QueuedMessage*> pointers;
  pointers.reserve(leftovers.size());
  for (const auto& each : leftovers) pointers.push_back(&each);

  outlet.put_back(pointers, [](const QueuedMessage&) {});

  EXPECT_EQ(outlet.waiting(), 101u);
  const auto numbers = flush(outlet, 1000);
  ASSERT_EQ(numbers.size(), 101u);
  for (std::uint64_t i = 0; i <= 100; ++i) EXPECT_EQ(numbers[i], i);
}

TEST(Outlet, gives_back_one_request_from_anywhere_and_keeps_the_order_of_the_others) {
  for (std::uint64_t withdrawn = 0; withdrawn < 9; ++withdrawn) {
    Outlet outlet = outlet_of(SlowConsumer::Refuse, 8);
    std::vector<std::uint64_t> left;
    for (std::uint64_t i = 0; i < 8; ++i) {
      QueuedMessage request = numbered(i);
      request.header.kind = bus::Kind::Request;
      outlet.enqueue({request.header, {}}, [](const QueuedMessage&) {});
      if (i != withdrawn) left.push_back(i);
    }
    std::vector<std::uint64_t> dropped;
    const auto drop = [&](const QueuedMessage& message) { dropped.push_back(message.header.correlation); };

    outlet.withdraw(withdrawn, drop);
    outlet.withdraw(withdrawn, drop);

    EXPECT_EQ(dropped.size(), withdrawn < 8 ? 1u : 0u) << "the last of these is not there";
    EXPECT_EQ(outlet.waiting(), left.size());
    EXPECT_EQ(flush(outlet, 8), left);
  }
}

TEST(Outlet, what_is_put_back_while_others_flush_keeps_its_order) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse, 4);
  constexpr std::size_t kRounds = 2000;
  constexpr std::size_t kLeftovers = 64;
  std::vector<QueuedMessage> leftovers(kLeftovers, numbered(0));
  std::vector<const QueuedMessage*> pointers;
  pointers.reserve(leftovers.size());
  for (const auto& each : leftovers) pointers.push_back(&each);
  std::vector<std::uint64_t> heard;
  std::atomic<std::size_t> heard_count = 0;
  std::jthread sender{[&] {
    while (heard_count < kRounds * kLeftovers) {
      for (const std::uint64_t number : flush(outlet, kLeftovers)) heard.push_back(number);
      heard_count = heard.size();
      std::this_thread::yield();
    }
  }};

  for (std::uint64_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kLeftovers; ++i) leftovers[i] = numbered(round * kLeftovers + i);
    outlet.put_back(pointers, [](const QueuedMessage&) {});
    while (heard_count < (round + 1) * kLeftovers) std::this_thread::yield();
  }
  sender.join();

  EXPECT_TRUE(std::ranges::is_sorted(heard));
}

/// A message whose number is its correlation.
QueuedMessage keyed(std::uint64_t number, std::uint64_t key) {
  QueuedMessage message = numbered(number);
  bus::set_key(message.header, key);
  return message;
}

TEST(Outlet, that_conflates_keeps_one_message_of_each_key_also_when_it_grows) {
  Outlet outlet = outlet_of(SlowConsumer::Conflate, 4);
  std::vector<std::uint64_t> dropped;
  const auto drop = [&](const QueuedMessage& message) { dropped.push_back(message.header.correlation); };
  outlet.enqueue({keyed(500, 5).header, {}}, drop);
  outlet.enqueue({keyed(900, 9).header, {}}, drop);
  outlet.enqueue({keyed(501, 5).header, {}}, drop);
  std::vector<QueuedMessage> leftovers;
  for (std::uint64_t i = 0; i < 100; ++i) leftovers.push_back(keyed(i, i));  // more than it was made for
  leftovers.push_back(keyed(100, 7));
  std::vector<const QueuedMessage*> pointers;
  pointers.reserve(leftovers.size());
  for (const auto& each : leftovers) pointers.push_back(&each);

  outlet.put_back(pointers, drop);
  outlet.enqueue({keyed(600, 99).header, {}}, drop);

  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 99; ++i)
    if (i != 5 && i != 7 && i != 9) expected.push_back(i);
  for (const std::uint64_t number : {600, 100, 501, 900}) expected.push_back(number);
  EXPECT_EQ(outlet.waiting(), expected.size());
  EXPECT_EQ(flush(outlet, 1000), expected);
  EXPECT_EQ(dropped, (std::vector<std::uint64_t>{500, 9, 7, 5, 99}));
  EXPECT_EQ(outlet.counters().conflated, dropped.size());
}

}  // namespace
}  // namespace shunt::host
