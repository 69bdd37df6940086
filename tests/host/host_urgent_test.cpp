/// Urgent publications overtake what is not: in a full ring, in a backlog, before a subscription, in a nested call.
#include "quotes.hpp"

#include <csignal>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

class Urgent : public HostTest {
 protected:
  static constexpr std::uint32_t kBacklog = 10;
  static constexpr std::uint64_t kUnderWay = 8;  ///< Urgent ones, in one instance's ring.

  static HostConfiguration with_backlog(std::vector<PluginConfiguration> plugins,
                                        SlowConsumer policy = SlowConsumer::Refuse) {
    auto configuration = with(std::move(plugins));
    for (const char* const topic : {"stage.quotes", "herald.quotes"}) {
      route(configuration, topic).slow_consumer = policy;
      route(configuration, topic).backlog = kBacklog;
    }
    return configuration;
  }
  /// Until ring and backlog are full: the numbers, from 0 on.
  static Numbers fill(Host& host) {
    for (std::uint64_t i = 0; i < kScribeRing + kBacklog; ++i) EXPECT_TRUE(publish(host, i));
    return numbers(0, kScribeRing + kBacklog);
  }
  static Numbers joined(Numbers first, const Numbers& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
  static bool all_chunks_are_back(Host& host) {
    return poll_until(host, [&] { return chunks_in_use(host) == 0; });
  }
};

TEST_F(Urgent, one_overtakes_a_full_ring_and_all_that_waits) {
  for (const std::uint32_t bytes : {0u, 2000u}) {
    Host host = start(with_backlog({scribe()}));
    Numbers before;
    {
      const Frozen frozen{host, "scribe"};
      before = fill(host);
      ASSERT_FALSE(publish(host, 99)) << "nothing else gets in";

      const auto sent = publish(host, 500, {.urgent = true}, bytes);
      ASSERT_TRUE(sent) << to_string(sent.error());
      EXPECT_EQ(sent->delivered, 1u);
      EXPECT_TRUE(publish(host, 501, {.urgent = true}, bytes));
    }
    EXPECT_THAT(recall(host, before.size() + 2), ElementsAreArray(joined({500, 501}, before)));
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Urgent, one_of_a_plugin_overtakes_what_it_published_before) {
  Host host = start(with_backlog({scribe(), herald()}));
  {
    const Frozen frozen{host, "scribe"};
    proclaim(host, 0, kScribeRing + 5);
    proclaim(host, 500, 1, {.urgent = true, .bytes = 1000});
    EXPECT_TRUE(poll_until(host, [&] { return snapshot_of(host, "herald").received == kScribeRing + 6; }));
  }
  EXPECT_THAT(recall(host, kScribeRing + 6), ElementsAreArray(joined({500}, numbers(0, kScribeRing + 5))));
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Urgent, one_is_heard_first_by_a_subscription_that_was_not_polled_also_when_its_backlog_is_full) {
  Host host = start(with_backlog({herald()}));
  Numbers heard;
  const auto subscription = host.subscribe<stage::News>(
      "herald.quotes", [&](Received<stage::News>& news) { heard.push_back(news->number()); });

  proclaim(host, 0, kBacklog);
  proclaim(host, 500, 2, {.urgent = true});
  proclaim(host, 0, 0);  // an answer overtakes the last news, and the next call takes all there is

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == kBacklog + 2; }));
  EXPECT_THAT(heard, ElementsAreArray(joined({500, 501}, numbers(0, kBacklog))));
  EXPECT_EQ(subscription->dropped(), 0u);
}

TEST_F(Urgent, more_than_may_be_under_way_wait_like_others_and_none_is_lost) {
  Host host = start(with_backlog({scribe()}));
  {
    const Frozen frozen{host, "scribe"};
    for (std::uint64_t i = 0; i < kScribeRing; ++i) ASSERT_TRUE(publish(host, i));
    for (std::uint64_t i = 0; i < kUnderWay; ++i) EXPECT_EQ(publish(host, 500 + i, {.urgent = true})->delivered, 1u);
    for (std::uint64_t i = kUnderWay; i < kUnderWay + 3; ++i)
      EXPECT_EQ(publish(host, 500 + i, {.urgent = true})->waiting, 1u);
  }
  const auto expected = joined(joined(numbers(500, kUnderWay), numbers(0, kScribeRing)), numbers(500 + kUnderWay, 3));
  EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
}

TEST_F(Urgent, one_that_finds_no_room_at_all_is_refused_where_the_topic_refuses_and_dropped_where_it_drops) {
  for (const auto policy : {SlowConsumer::Refuse, SlowConsumer::DropNewest}) {
    Host host = start(with_backlog({scribe()}, policy));
    {
      const Frozen frozen{host, "scribe"};
      fill(host);
      for (std::uint64_t i = 0; i < kUnderWay; ++i) ASSERT_TRUE(publish(host, 500 + i, {.urgent = true}));

      const auto one_more = publish(host, 600, {.urgent = true});

      if (policy == SlowConsumer::Refuse) {
        ASSERT_FALSE(one_more);
        EXPECT_EQ(one_more.error().code, ErrorCode::RingFull);
      } else {
        ASSERT_TRUE(one_more);
        EXPECT_EQ(one_more->dropped, 1u);
      }
    }
    EXPECT_EQ(recall(host, kScribeRing + kBacklog + kUnderWay).size(), kScribeRing + kBacklog + kUnderWay);
    EXPECT_TRUE(publish(host, 700, {.urgent = true})) << "there is room again";
  }
}

TEST_F(Urgent, one_gets_a_chunk_where_a_receiver_holds_as_many_as_it_may_of_others) {
  auto plugin = scribe();
  plugin.inbound = {{256, 64}, {32u << 10, 8}};  // of which it may hold three
  Host host = start(with_backlog({plugin}));
  {
    const Frozen frozen{host, "scribe"};
    for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(publish(host, i, {}, 20'000));
    ASSERT_EQ(receiver_of(host, "stage.quotes", "scribe").waiting, 2u);

    EXPECT_EQ(publish(host, 500, {.urgent = true}, 20'000)->delivered, 1u);
  }
  EXPECT_THAT(recall(host, 6), ElementsAre(500, 0, 1, 2, 3, 4));
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Urgent, those_that_a_killed_plugin_had_not_begun_are_the_first_that_the_next_hears) {
  Host host = start(with_backlog({scribe()}));
  Numbers before;
  {
    const Frozen frozen{host, "scribe"};
    before = fill(host);
    for (std::uint64_t i = 500; i < 503; ++i) ASSERT_TRUE(publish(host, i, {.urgent = true}, 1000));

    send_signal(pid_of(host, "scribe"), SIGKILL);
    await_event(host, HostEventKind::Ended, "scribe");
  }
  EXPECT_THAT(recall(host, before.size() + 3), ElementsAreArray(joined({500, 501, 502}, before)));
  EXPECT_EQ(receiver_of(host, "stage.quotes", "scribe").unknown, 0u);
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Urgent, one_that_ends_its_receiver_is_an_unknown_outcome_and_not_sent_again) {
  Host host = start(with_backlog({scribe()}));

  ASSERT_TRUE(publish(host, kDeadly, {.urgent = true}));
  await_event(host, HostEventKind::Ended, "scribe");
  ASSERT_TRUE(publish(host, 1, {.urgent = true}));

  EXPECT_THAT(recall(host, 1), ElementsAre(1));
  EXPECT_EQ(receiver_of(host, "stage.quotes", "scribe").unknown, 1u);
}

TEST_F(Urgent, one_waits_for_the_end_of_a_handler_that_waits_for_a_nested_call_and_lets_its_answer_through) {
  Host host = start({actor(), partner(0)});
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  Numbers heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](Received<stage::News>& news) { heard.push_back(news->number()); });
  std::optional<Result<Reply<stage::Outcome>>> asked;
  {
    std::optional<Frozen> frozen{std::in_place, host, "partner"};
    std::jthread asker{[&] { asked = client.act(order({.deed = Deed::Ask, .number = 7}), {.deadline = 30s}); }};
    ASSERT_TRUE(await([&] { return snapshot_of(host, "partner").sent == 1; })) << "the actor waits for it";

    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = 500}), {.urgent = true}));
    frozen.reset();
  }
  ASSERT_TRUE(asked->has_value()) << to_string(asked->error());
  EXPECT_EQ((**asked)->number(), 7u);
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 1; }));
  EXPECT_THAT(heard, ElementsAre(500));
}

TEST_F(Urgent, one_that_the_handler_of_another_publishes_has_its_cause) {
  Host host = start({actor(), partner(1)});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  Numbers heard;
  const auto subscription = host.subscribe<stage::News>(
      "partner.news", [&](Received<stage::News>& news) { heard.push_back(news->number()); });

  for (std::uint64_t i = 1; i <= 50; ++i)
    ASSERT_TRUE(await(
        [&] { return orders.publish(order({.deed = Deed::Publish, .number = i}), {.urgent = true}).has_value(); }));

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 100; })) << "its own, and what the actor's made it pass on";
  EXPECT_EQ(snapshot_of(host, "actor").crashes + snapshot_of(host, "partner").crashes, 0u);
}

TEST_F(Urgent, ones_that_are_done_do_not_count_for_what_stands_before_a_call) {
  auto slow = actor();
  slow.grace = 50ms;
  slow.handler_max = 1h;
  auto stuck = partner();
  stuck.grace = 50ms;
  stuck.handler_max = 300ms;  // an order stands before its call, too
  Host host = start({slow, stuck});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  for (std::uint64_t done = 1; done <= 5; ++done) {
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Echo}), {.urgent = true}));
    ASSERT_TRUE(await([&] { return snapshot_of(host, "actor").done == done; }));
  }
  const auto before = snapshot_of(host, "actor").instance;
  {
    const Frozen late{host, "actor"};
    const Frozen never{host, "partner"};
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Echo})));
    EXPECT_EQ(host.client<actor::Client>()->act(order({}), {.deadline = 1ms}).error().code,
              ErrorCode::DeadlineExceeded);
    EXPECT_EQ(host.client<partner::Client>()->act(order({}), {.deadline = 1ms}).error().code,
              ErrorCode::DeadlineExceeded);

    await_event(host, HostEventKind::Ended, "partner");
  }

  EXPECT_TRUE(host.client<actor::Client>()->act(order({}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "actor").instance, before);
}

}  // namespace
}  // namespace shunt::test
