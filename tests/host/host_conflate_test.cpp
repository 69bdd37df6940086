/// Topics that conflate: who lags gets the latest message of each key, whoever died or was replaced meanwhile.
#include "quotes.hpp"

#include <shunt/host/plan.hpp>

#include <atomic>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class Conflating : public HostTest {
 protected:
  static constexpr std::uint32_t kBacklog = 8;

  static HostConfiguration conflating(std::vector<PluginConfiguration> plugins) {
    auto configuration = with(std::move(plugins));
    for (const char* const topic : {"stage.quotes", "herald.quotes"}) {
      route(configuration, topic).slow_consumer = SlowConsumer::Conflate;
      route(configuration, topic).backlog = kBacklog;
    }
    return configuration;
  }
  /// Publishes without a key until the scribe's ring is full. The numbers, from 0 on.
  static Numbers fill_ring(Host& host, std::uint32_t bytes = 0) {
    for (std::uint64_t i = 0; i < kScribeRing; ++i) EXPECT_EQ(publish(host, i, {}, bytes).value().delivered, 1u);
    return numbers(0, kScribeRing);
  }
  static RouteSnapshot::Receiver receiver(Host& host, std::string_view topic = "stage.quotes") {
    return receiver_of(host, topic, "scribe");
  }
  static bool all_chunks_are_back(Host& host) {
    return poll_until(host, [&] { return chunks_in_use(host) == 0; });
  }
};

TEST_F(Conflating, a_receiver_that_lags_hears_the_latest_of_each_key_in_the_place_of_its_oldest) {
  for (const std::uint32_t bytes : {0u, 2000u}) {
    Host host = start(conflating({scribe()}));
    Numbers expected;
    {
      const Frozen frozen{host, "scribe"};
      expected = fill_ring(host);
      EXPECT_EQ(publish(host, 100, {.key = "A"}, bytes)->conflated, 0u);
      EXPECT_EQ(publish(host, 200, {.key = "B"}, bytes)->conflated, 0u);
      EXPECT_EQ(publish(host, 300, {.key = "C"}, bytes)->conflated, 0u);

      for (const auto& [number, key] : {std::pair{201, "B"}, {101, "A"}, {202, "B"}}) {
        const auto sent = publish(host, static_cast<std::uint64_t>(number), {.key = key}, bytes);
        ASSERT_TRUE(sent);
        EXPECT_EQ(sent->conflated, 1u);
        EXPECT_EQ(sent->waiting, 1u);
        EXPECT_EQ(sent->dropped, 0u);
      }

      EXPECT_EQ(receiver(host).waiting, 3u);
      EXPECT_EQ(receiver(host).conflated, 3u);
      EXPECT_EQ(chunks_in_use(host), bytes == 0 ? 0u : 3u) << "what nobody will hear holds no chunk";
    }
    for (const std::uint64_t number : {101, 202, 300}) expected.push_back(number);
    EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
    EXPECT_EQ(receiver(host).dropped, 0u);
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Conflating, a_receiver_that_keeps_up_hears_every_message_of_a_key) {
  Host host = start(conflating({scribe()}));

  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_EQ(publish(host, i, {.key = 5})->delivered, 1u);

  EXPECT_THAT(recall(host, 10), ElementsAreArray(numbers(0, 10)));
  EXPECT_EQ(receiver(host).conflated, 0u);
}

TEST_F(Conflating, messages_without_a_key_are_of_one_key) {
  Host host = start(conflating({scribe()}));
  Numbers expected;
  {
    const Frozen frozen{host, "scribe"};
    expected = fill_ring(host);
    for (std::uint64_t i = 100; i < 150; ++i) ASSERT_TRUE(publish(host, i));
    EXPECT_EQ(receiver(host).waiting, 1u);
  }
  expected.push_back(149);
  EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
}

TEST_F(Conflating, of_more_keys_than_may_wait_the_oldest_is_dropped_and_counted) {
  Host host = start(conflating({scribe()}));
  Numbers expected;
  {
    const Frozen frozen{host, "scribe"};
    expected = fill_ring(host);
    for (std::uint64_t key = 0; key < kBacklog; ++key) EXPECT_EQ(publish(host, 100 + key, {.key = key})->dropped, 0u);

    EXPECT_EQ(publish(host, 200, {.key = 1000})->dropped, 1u);
    EXPECT_EQ(publish(host, 201, {.key = 1})->conflated, 1u);
    EXPECT_EQ(publish(host, 202, {.key = 0})->dropped, 1u) << "its older message was dropped: it is a new one";

    EXPECT_EQ(receiver(host).dropped, 2u);
    EXPECT_EQ(receiver(host).waiting, kBacklog);
  }
  for (const std::uint64_t number : {102, 103, 104, 105, 106, 107, 200, 202}) expected.push_back(number);
  EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
}

TEST_F(Conflating, the_key_of_a_plugins_publication_goes_with_it) {
  Host host = start(conflating({scribe(), herald()}));
  {
    const Frozen frozen{host, "scribe"};

    proclaim(host, 0, 100, {.keys = 4, .bytes = 1000});

    EXPECT_TRUE(poll_until(host, [&] { return snapshot_of(host, "herald").received == 100; }));
    EXPECT_EQ(receiver(host, "herald.quotes").waiting, 4u);
    EXPECT_EQ(receiver(host, "herald.quotes").conflated, 100 - kScribeRing - 4);
  }
  auto expected = numbers(0, kScribeRing);  // 14 has the key 3, and is the first that waits
  for (const std::uint64_t number : {98, 99, 96, 97}) expected.push_back(number);
  EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Conflating, a_subscription_that_is_not_polled_keeps_the_latest_of_each_key) {
  Host host = start(conflating({herald()}));
  Numbers heard;
  const auto subscription = host.subscribe<stage::News>(
      "herald.quotes", [&](Received<stage::News>& news) { heard.push_back(news->number()); });

  proclaim(host, 0, 100, {.keys = 5});
  proclaim(host, 0, 0);  // an answer overtakes the last news, and the next call takes all there is

  EXPECT_EQ(subscription->conflated(), 95u);
  EXPECT_EQ(subscription->dropped(), 0u);
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 5; }));
  EXPECT_THAT(heard, ElementsAreArray(numbers(95, 5)));
}

TEST_F(Conflating, a_subscription_with_more_keys_than_its_backlog_drops_the_oldest) {
  Host host = start(conflating({herald()}));
  Numbers heard;
  const auto subscription = host.subscribe<stage::News>(
      "herald.quotes", [&](Received<stage::News>& news) { heard.push_back(news->number()); });

  proclaim(host, 0, 100, {.keys = 10});
  proclaim(host, 0, 0);

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == kBacklog; }));
  EXPECT_THAT(heard, ElementsAreArray(numbers(100 - kBacklog, kBacklog)));
  EXPECT_EQ(subscription->dropped() + subscription->conflated(), 100 - kBacklog);
  EXPECT_GT(subscription->dropped(), 0u);
}

TEST_F(Conflating, what_a_killed_receiver_had_not_begun_gives_way_to_newer_messages_of_its_keys) {
  Host host = start(conflating({scribe()}));
  {
    const Frozen frozen{host, "scribe"};
    for (std::uint64_t i = 0; i < 40; ++i) ASSERT_TRUE(publish(host, i, {.key = i % 5}, 1000));
    ASSERT_EQ(publish(host, 1000, {.key = 77}, 1000)->waiting, 1u);
    ASSERT_EQ(receiver(host).waiting, 6u);

    send_signal(pid_of(host, "scribe"), SIGKILL);
    await_event(host, HostEventKind::Ended, "scribe");
  }
  // The keys wait in the order in which the first message of each did: that of 14 was 4.
  EXPECT_THAT(recall(host, 6), ElementsAre(39, 35, 36, 37, 38, 1000));
  EXPECT_EQ(receiver(host).conflated, 35u);
  EXPECT_EQ(receiver(host).unknown + receiver(host).dropped, 0u);
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Conflating, what_a_killed_receiver_had_not_begun_goes_on_where_nothing_newer_of_its_key_waits) {
  Host host = start(conflating({scribe()}));
  {
    const Frozen frozen{host, "scribe"};
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_EQ(publish(host, i, {.key = i})->delivered, 1u);
    ASSERT_EQ(publish(host, 10, {.key = 0})->delivered, 1u);

    send_signal(pid_of(host, "scribe"), SIGKILL);
    await_event(host, HostEventKind::Ended, "scribe");
  }
  EXPECT_THAT(recall(host, 3), ElementsAre(1, 2, 10)) << "it waits now, and so conflates";
  EXPECT_EQ(receiver(host).conflated, 1u);
}

TEST_F(Conflating, what_a_killed_publisher_had_sent_is_heard_by_who_lags) {
  Host host = start(conflating({scribe(), herald()}));
  {
    const Frozen frozen{host, "scribe"};
    proclaim(host, 0, 50, {.keys = 3});

    send_signal(pid_of(host, "herald"), SIGKILL);
    await_event(host, HostEventKind::Ended, "herald");
    proclaim(host, 50, 1, {.keys = 3});  // the next instance has the same keys
  }
  const auto heard = recall(host, kScribeRing + 3);
  EXPECT_THAT(Numbers(heard.end() - 3, heard.end()), ::testing::UnorderedElementsAre(48, 49, 50));
}

TEST_F(Conflating, a_switch_in_the_midst_leaves_the_latest_of_each_key_with_the_new_version_and_each_key_in_order) {
  constexpr std::uint64_t kKeys = 6;
  Host host = start(conflating({scribe(1), scribe(2)}));
  std::atomic<bool> switched = false;
  const auto publish_keys_of = [&](std::uint64_t remainder) {  // each thread has keys of its own
    std::uint64_t number = remainder;
    for (std::uint64_t left = kKeys / 2; left > 0; number += 2) {
      if (switched.load() && number > scaled(20'000)) --left;
      EXPECT_TRUE(publish(host, number, {.key = number % kKeys}, number % 3 == 0 ? 1000 : 0));
    }
    return number;
  };
  std::uint64_t ends[2] = {0, 0};
  {
    std::jthread even{[&] { ends[0] = publish_keys_of(0); }};
    std::jthread odd{[&] { ends[1] = publish_keys_of(1); }};
    std::jthread poller{[&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); }};
    EXPECT_TRUE(host.switch_to("scribe", "2.0.0"));
    switched = true;
    even.join();
    odd.join();
    EXPECT_TRUE(await([&] { return receiver(host).waiting == 0; }));
  }
  const Numbers heard = recall(host);

  std::map<std::uint64_t, std::uint64_t> last;
  for (const std::uint64_t number : heard) {
    const auto [of_key, first] = last.emplace(number % kKeys, number);
    EXPECT_TRUE(first || of_key->second < number) << "of one key, " << number << " after " << of_key->second;
    of_key->second = number;
  }
  ASSERT_EQ(last.size(), kKeys);
  for (const auto& [key, number] : last) EXPECT_GE(number + kKeys, ends[key % 2]) << "key " << key;
  EXPECT_EQ(receiver(host).dropped, 0u);
}

/// Quotes of 20 kB; there are few chunks for them.
class ConflatingFullPools : public Conflating {
 protected:
  static constexpr std::uint32_t kBytes = 20'000;
  static constexpr std::uint64_t kChunks = 8;
  static constexpr std::uint64_t kInRing = 3;  ///< The cap: half of what is left after an eighth.

  static PluginConfiguration few_chunks(PluginConfiguration plugin) {
    plugin.inbound = {{256, 64}, {32u << 10, kChunks}};
    plugin.handler_max = plugin.hold_max = 1h;
    return plugin;
  }
};

TEST_F(ConflatingFullPools, a_key_that_waits_already_gives_its_chunk_to_its_latest_message) {
  Host host = start(conflating({few_chunks(scribe())}));
  {
    const Frozen frozen{host, "scribe"};
    for (std::uint64_t key = 0; key < kChunks; ++key) ASSERT_EQ(publish(host, key, {.key = key}, kBytes)->dropped, 0u);
    ASSERT_EQ(chunks_in_use(host), kChunks);

    for (std::uint64_t round = 1; round <= 3; ++round)
      for (std::uint64_t key = kInRing; key < kChunks; ++key) {
        const auto sent = publish(host, 100 * round + key, {.key = key}, kBytes);
        ASSERT_TRUE(sent) << to_string(sent.error());
        EXPECT_EQ(sent->conflated, 1u);
        EXPECT_EQ(sent->dropped, 0u);
      }
    const auto without = publish(host, 999, {.key = 999}, kBytes);
    ASSERT_TRUE(without) << to_string(without.error());
    EXPECT_EQ(without->dropped, 1u) << "nothing of its key waits that could give way";

    EXPECT_EQ(receiver(host).conflated, 3 * (kChunks - kInRing));
    EXPECT_EQ(chunks_in_use(host), kChunks);
  }
  EXPECT_THAT(recall(host, kChunks), ElementsAre(0, 1, 2, 303, 304, 305, 306, 307));
  EXPECT_EQ(receiver(host).dropped, 1u);
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(ConflatingFullPools, a_plugins_publication_finds_a_chunk_in_the_same_way) {
  auto sender = herald();
  sender.outbound = {{256, 64}, {32u << 10, 64}};
  Host host = start(conflating({few_chunks(scribe()), sender}));
  {
    const Frozen frozen{host, "scribe"};

    proclaim(host, 0, 60, {.keys = 5, .bytes = kBytes});

    EXPECT_TRUE(poll_until(host, [&] { return snapshot_of(host, "herald").received == 60; }));
    EXPECT_EQ(receiver(host, "herald.quotes").dropped, 0u);
  }
  const auto heard = recall(host, kInRing + 5);
  EXPECT_THAT(Numbers(heard.begin(), heard.begin() + kInRing), ElementsAreArray(numbers(0, kInRing)));
  EXPECT_THAT(Numbers(heard.begin() + kInRing, heard.end()), ::testing::UnorderedElementsAre(55, 56, 57, 58, 59));
  EXPECT_TRUE(all_chunks_are_back(host));
}

// Which of two receivers is asked for a chunk first depends on where their pools lie in memory: both are tried.

TEST_F(ConflatingFullPools, of_one_receiver_cost_the_other_nothing) {
  for (const auto& [full, other] : {std::pair{"actor", "partner"}, std::pair{"partner", "actor"}}) {
    auto configuration = with({few_chunks(actor()), few_chunks(partner(0))});
    route(configuration, "stage.orders").slow_consumer = SlowConsumer::Conflate;
    Host host = start(std::move(configuration));
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    Numbers heard;
    const auto subscription = host.subscribe<stage::News>(
        std::string{other} + ".news", [&](Received<stage::News>& news) { heard.push_back(news->number()); });
    {
      const Frozen frozen{host, full};
      for (std::uint64_t i = 0; i < 40; ++i) {
        const auto sent = orders.publish(order({.deed = Deed::Publish, .number = i, .text = std::string(kBytes, 't')}),
                                         {.key = i % 10});
        ASSERT_TRUE(sent) << to_string(sent.error());
        ASSERT_TRUE(poll_until(host, [&] { return heard.size() > i; })) << i;
      }
    }
    EXPECT_THAT(heard, ElementsAreArray(numbers(0, 40)));
    EXPECT_EQ(receiver_of(host, "stage.orders", other).dropped, 0u);
    EXPECT_EQ(receiver_of(host, "stage.orders", other).conflated, 0u);
    EXPECT_GT(receiver_of(host, "stage.orders", full).conflated, 0u);
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Conflating, what_waits_for_a_plugin_that_is_stopped_and_does_not_finish_is_dropped_once) {
  Host host = start(conflating({scribe()}));
  {
    const Frozen frozen{host, "scribe"};
    fill_ring(host, 1000);
    for (std::uint64_t i = 0; i < 9; ++i) ASSERT_TRUE(publish(host, i, {.key = i % 3 + 1}, 1000));
    ASSERT_EQ(receiver(host).conflated, 6u);

    EXPECT_EQ(host.stop("scribe", 20ms).error().code, ErrorCode::DeadlineExceeded);
  }
  EXPECT_TRUE(all_chunks_are_back(host));
  ASSERT_TRUE(host.restart("scribe"));
  EXPECT_THAT(recall(host), IsEmpty());
  EXPECT_EQ(receiver(host).dropped, 3u + 1) << "the latest of each key";
  EXPECT_EQ(receiver(host).conflated, 6u + kScribeRing - 1) << "what was in its ring is of one key";
}

TEST_F(Conflating, the_plan_has_the_table_that_finds_keys) {
  const auto planned = [](SlowConsumer policy) {
    auto configuration = with({scribe()});
    route(configuration, "stage.quotes").slow_consumer = policy;
    route(configuration, "stage.quotes").backlog = 1000;
    const auto plan = plan_memory(std::move(configuration)).value();
    std::uint64_t bytes = 0;
    for (const PlannedMemory& each : plan.parts) bytes += each.what == "backlog of stage.quotes" ? each.bytes : 0;
    return bytes;
  };
  const auto table = planned(SlowConsumer::Conflate) - planned(SlowConsumer::Refuse);

  EXPECT_GE(table, 1000u * 32);
  EXPECT_LE(table, (1000u + 100) * 64) << "of the backlog, and of what a dead instance leaves";
}

}  // namespace
}  // namespace shunt::test
