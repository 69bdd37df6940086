/// What a topic keeps, and how it is merged into what waits for a newcomer.
#include "latch.hpp"

#include "outlet.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

constexpr bus::SizeClass kClasses[] = {{256, 8}, {4096, 4}};

std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> kept_by(const Latch& latch) {
  std::vector<std::string> texts;
  latch.for_each([&](const Latch::Kept& kept) {
    texts.push_back(std::to_string(kept.sequence) + ":" + std::string{text_of(kept.payload)});
  });
  return texts;
}

TEST(Latch, keeps_the_last_oldest_first) {
  Latch latch{3, 100};
  EXPECT_EQ(kept_by(latch), (std::vector<std::string>{}));

  for (const std::string text : {"a", "", "ccc", "dd"}) latch.keep({}, bytes_of(text));

  EXPECT_EQ(kept_by(latch), (std::vector<std::string>{"2:", "3:ccc", "4:dd"}));
  EXPECT_EQ(latch.count(), 3u);
  EXPECT_EQ(latch.next(), 5u);
}

TEST(Latch, lets_one_thread_at_a_time_have_its_turn) {
  Latch latch{4, 8};
  constexpr std::uint64_t kEach = 20'000;
  {
    constexpr std::size_t kThreads = 3;
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        for (std::uint64_t count = 0; count < kEach; ++count) {
          const Latch::Turn turn{&latch};
          const std::uint64_t number = latch.next();
          latch.keep({.key = number}, {reinterpret_cast<const std::byte*>(&number), sizeof number});
        }
      });
  }
  EXPECT_EQ(latch.next(), 3 * kEach + 1);
  latch.for_each([](const Latch::Kept& kept) {
    std::uint64_t number = 0;
    std::memcpy(&number, kept.payload.data(), sizeof number);
    EXPECT_EQ(number, kept.sequence);
    EXPECT_EQ(kept.about.key, kept.sequence);
  });
}

/// An outlet, and a topic that has published 1 .. 10 and keeps the last 4, each with the key number % 3.
class Greeting : public testing::Test {
 protected:
  Outlet outlet_of(SlowConsumer policy) { return {{1}, "consumer", policy, 8, 16, pool_}; }
  void SetUp() override {
    for (std::uint64_t number = 1; number <= 10; ++number) latch_.keep({.key = number % 3}, bytes_of("payload"));
  }
  static Message numbered(std::uint64_t number) {
    Message message{};
    message.header.kind = bus::Kind::Publication;
    message.header.parent = number;
    bus::set_key(message.header, number % 3);
    return message;
  }
  static constexpr Outlet::Hears kAll{.host = true, .plugins = true};
  static void meet(Outlet& outlet, const Latch& latch, InstanceId instance) {
    EXPECT_FALSE(outlet.is_up_to_date(instance, kAll));
    outlet.catch_up(latch, instance, kAll);
    EXPECT_TRUE(outlet.is_up_to_date(instance, kAll));
  }
  static void wait(Outlet& outlet, std::uint64_t number) {
    outlet.enqueue(numbered(number), [](const QueuedMessage&) {});
  }
  /// The numbers that wait, negative for those that are kept.
  static std::vector<std::int64_t> flush(Outlet& outlet) {
    std::vector<std::int64_t> numbers;
    outlet.flush([&](const QueuedMessage& message) {
      const auto number = static_cast<std::int64_t>(message.header.parent);
      numbers.push_back(message.kept == nullptr ? number : -number);
      if (message.kept != nullptr) {
        EXPECT_EQ(text_of({message.kept, message.header.payload_bytes}), "payload");
      }
      return true;
    });
    return numbers;
  }
  using Waiting = std::vector<std::int64_t>;

  std::shared_ptr<InboundPool> pool_ = InboundPool::create(bus::PoolGeometry::of(kClasses).value()).value();
  Latch latch_{4, 64};
};

TEST_F(Greeting, gives_what_does_not_wait_already_where_it_belongs) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  for (const std::uint64_t number : {3u, 8u, 10u}) wait(outlet, number);

  meet(outlet, latch_, {1});
  wait(outlet, 11);

  EXPECT_EQ(outlet.waiting(), 6u);
  EXPECT_EQ(flush(outlet), (Waiting{3, -7, 8, -9, 10, 11}));
  EXPECT_EQ(outlet.counters().latched, 2u);
}

TEST_F(Greeting, of_the_next_newcomer_takes_the_place_of_one_that_was_not_sent) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  meet(outlet, latch_, {1});
  latch_.keep({}, bytes_of("payload"));

  meet(outlet, latch_, {2});
  outlet.end_greeting();

  EXPECT_EQ(flush(outlet), (Waiting{-8, -9, -10, -11}));
}

TEST_F(Greeting, gives_a_bridge_nothing_that_came_in_by_it) {
  Outlet bridge{{1}, "bridge:test", SlowConsumer::DropOldest, 8, 16, pool_, true};
  Outlet plugin = outlet_of(SlowConsumer::DropOldest);
  latch_.keep({.from_bridge = true}, bytes_of("payload"));
  latch_.keep({.from_host = true}, bytes_of("payload"));

  meet(bridge, latch_, {1});
  meet(plugin, latch_, {2});

  EXPECT_EQ(flush(bridge), (Waiting{-9, -10, -12}));
  EXPECT_EQ(flush(plugin), (Waiting{-9, -10, -11, -12}));
}

TEST_F(Greeting, gives_one_that_was_off_what_was_published_meanwhile_and_nothing_again) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  meet(outlet, latch_, {1});
  EXPECT_EQ(flush(outlet), (Waiting{-7, -8, -9, -10}));

  EXPECT_FALSE(outlet.catch_up(latch_, {1}, {}));
  EXPECT_TRUE(outlet.is_up_to_date({1}, {}));
  latch_.keep({}, bytes_of("payload"));
  EXPECT_TRUE(outlet.catch_up(latch_, {1}, kAll));
  EXPECT_EQ(flush(outlet), (Waiting{-11}));

  EXPECT_FALSE(outlet.catch_up(latch_, {1}, {}));
  EXPECT_FALSE(outlet.catch_up(latch_, {1}, kAll)) << "nothing was published meanwhile";
}

TEST_F(Greeting, counts_host_and_plugins_apart_for_one_that_heard_only_plugins) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  meet(outlet, latch_, {1});
  EXPECT_EQ(flush(outlet), (Waiting{-7, -8, -9, -10}));
  outlet.catch_up(latch_, {1}, {.host = false, .plugins = true});
  latch_.keep({.from_host = true}, bytes_of("payload"));
  latch_.keep({}, bytes_of("payload"));  // 12, which it was sent

  outlet.catch_up(latch_, {1}, kAll);

  EXPECT_EQ(flush(outlet), (Waiting{-11}));
}

TEST_F(Greeting, gives_a_new_instance_of_one_that_is_off_what_was_published_before_and_the_rest_when_it_is_on) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  meet(outlet, latch_, {1});
  EXPECT_EQ(flush(outlet), (Waiting{-7, -8, -9, -10}));
  outlet.catch_up(latch_, {}, {});  // it died, and was taken off
  latch_.keep({}, bytes_of("payload"));

  outlet.catch_up(latch_, {2}, {});
  EXPECT_EQ(flush(outlet), (Waiting{-8, -9, -10}));

  outlet.catch_up(latch_, {2}, kAll);
  EXPECT_EQ(flush(outlet), (Waiting{-11}));
}

TEST_F(Greeting, of_one_that_was_off_keeps_what_it_is_owed_of_the_first) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  meet(outlet, latch_, {1});
  outlet.flush([](const QueuedMessage& message) { return message.header.parent == 7; });  // no more room
  outlet.catch_up(latch_, {1}, {});
  latch_.keep({}, bytes_of("payload"));
  latch_.keep({}, bytes_of("payload"));

  outlet.catch_up(latch_, {1}, kAll);

  EXPECT_EQ(flush(outlet), (Waiting{-9, -10, -11, -12})) << "8 is not kept any more";
  EXPECT_EQ(outlet.counters().dropped(), 1u);
}

TEST_F(Greeting, leaves_one_of_each_key_where_keys_conflate) {
  Outlet outlet = outlet_of(SlowConsumer::Conflate);
  wait(outlet, 8);  // of the key 2

  meet(outlet, latch_, {1});
  EXPECT_EQ(outlet.waiting(), 3u);
  wait(outlet, 12);  // of the key 0, as 9

  EXPECT_EQ(flush(outlet), (Waiting{-10, 8, 12})) << "10 has the key of 7 and stands in its place";
}

TEST_F(Greeting, leaves_out_what_ended_two_instances) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  for (const std::uint64_t number : {8u, 9u, 9u}) outlet.note_struck(number);

  meet(outlet, latch_, {3});

  EXPECT_EQ(flush(outlet), (Waiting{-7, -8, -10}));
}

TEST_F(Greeting, is_known_for_what_a_predecessor_leaves_later) {
  Outlet outlet = outlet_of(SlowConsumer::Refuse);
  EXPECT_FALSE(outlet.was_greeted_with(8, {1}));

  meet(outlet, latch_, {2});

  EXPECT_TRUE(outlet.was_greeted_with(7, {1}));
  EXPECT_TRUE(outlet.was_greeted_with(10, {1}));
  EXPECT_FALSE(outlet.was_greeted_with(6, {1}));
  EXPECT_FALSE(outlet.was_greeted_with(11, {1}));
  EXPECT_FALSE(outlet.was_greeted_with(8, {2})) << "what it leaves itself goes on";
}

TEST_F(Greeting, counts_what_no_chunk_of_its_receiver_can_hold) {
  Latch large{2, 10'000};
  large.keep({}, bytes_of(std::string(5000, 'x')));
  large.keep({}, bytes_of("payload"));
  Outlet outlet = outlet_of(SlowConsumer::Refuse);

  meet(outlet, large, {1});

  EXPECT_EQ(flush(outlet), (Waiting{-2}));
  EXPECT_EQ(outlet.counters().dropped(), 1u);
}

}  // namespace
}  // namespace shunt::host
