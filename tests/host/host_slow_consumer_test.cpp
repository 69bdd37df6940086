/// What happens when somebody does not keep up: each policy and its counters.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using News = Received<stage::News>;
using Numbers = std::vector<std::uint64_t>;

Numbers range(std::uint64_t from, std::size_t count) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

/// An actor with short rings that publishes what it is told by publications.
class SlowPlugin : public HostTest {
 protected:
  static constexpr std::uint32_t kSlots = 16;
  static constexpr std::uint32_t kInRing = kSlots - kSlots / 8;  // an eighth is left to requests
  static constexpr std::uint32_t kBacklog = 4;

  Host& begin(SlowConsumer policy, std::uint32_t backlog = kBacklog) {
    auto plugin = actor();
    plugin.slots = kSlots;
    auto configuration = with({plugin});
    route(configuration, "stage.orders").slow_consumer = policy;
    route(configuration, "stage.orders").backlog = backlog;
    host_.emplace(start(std::move(configuration)));
    subscription_.emplace(
        host_->subscribe<stage::News>("actor.news", [this](News& news) { heard_.push_back(news->number()); }).value());
    return *host_;
  }
  void TearDown() override {
    subscription_.reset();
    host_.reset();
    HostTest::TearDown();
  }

  Result<Delivery> publish(std::uint64_t number) {
    return host_->publisher<stage::Order>("stage.orders")
        .value()
        .publish(order({.deed = Deed::Publish, .number = number}));
  }
  bool heard(std::size_t count) {
    return poll_until(*host_, [&] { return heard_.size() >= count; });
  }

  std::optional<Host> host_;
  std::optional<Subscription> subscription_;
  Numbers heard_;
};

TEST_F(SlowPlugin, that_refuses_makes_its_sender_wait_and_loses_nothing) {
  Host& host = begin(SlowConsumer::Refuse);
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < kInRing; ++i) EXPECT_EQ(publish(i).value().delivered, 1u);
    for (std::uint64_t i = 0; i < kBacklog; ++i) EXPECT_EQ(publish(kInRing + i).value().waiting, 1u);

    const auto one_more = publish(99);

    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error().code, ErrorCode::RingFull);
    EXPECT_THAT(one_more.error().message, AllOf(HasSubstr("stage.orders"), HasSubstr("publish again later")));
    EXPECT_EQ(receiver_of(host, "stage.orders", "actor").refused, 1u);
    EXPECT_EQ(receiver_of(host, "stage.orders", "actor").waiting, kBacklog);
  }
  EXPECT_TRUE(heard(kInRing + kBacklog));
  EXPECT_THAT(heard_, ElementsAreArray(range(0, kInRing + kBacklog)));
  EXPECT_EQ(receiver_of(host, "stage.orders", "actor").dropped, 0u);
  EXPECT_TRUE(publish(100));
}

TEST_F(SlowPlugin, that_refuses_and_has_no_backlog_refuses_while_its_ring_is_full_and_not_longer) {
  Host& host = begin(SlowConsumer::Refuse, 0);
  std::uint64_t accepted = 0;
  {
    const Frozen frozen{host, "actor"};
    while (accepted <= kInRing && publish(accepted)) ++accepted;
    EXPECT_FALSE(publish(99));
  }
  // Nobody polls: only a publication can find that there is room again.
  EXPECT_TRUE(await([&] { return snapshot_of(host, "actor").done >= kInRing; }));
  const auto refused = receiver_of(host, "stage.orders", "actor").refused;

  EXPECT_TRUE(publish(accepted));

  EXPECT_EQ(receiver_of(host, "stage.orders", "actor").refused, refused);
  EXPECT_TRUE(heard(accepted + 1));
  EXPECT_THAT(heard_, ElementsAreArray(range(0, accepted + 1)));
}

TEST_F(SlowPlugin, that_drops_the_oldest_hears_the_last) {
  Host& host = begin(SlowConsumer::DropOldest);
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < kInRing + kBacklog; ++i) EXPECT_EQ(publish(i).value().dropped, 0u);
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto sent = publish(kInRing + kBacklog + i).value();
      EXPECT_EQ(sent.dropped, 1u);
      EXPECT_EQ(sent.waiting, 1u);
    }
    EXPECT_EQ(receiver_of(host, "stage.orders", "actor").dropped, 3u);
  }
  EXPECT_TRUE(heard(kInRing + kBacklog));
  auto expected = range(0, kInRing);
  for (const auto number : range(kInRing + 3, kBacklog)) expected.push_back(number);
  EXPECT_THAT(heard_, ElementsAreArray(expected));
}

TEST_F(SlowPlugin, that_drops_the_newest_hears_the_first) {
  Host& host = begin(SlowConsumer::DropNewest);
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < kInRing + kBacklog; ++i) EXPECT_EQ(publish(i).value().dropped, 0u);
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto sent = publish(kInRing + kBacklog + i).value();
      EXPECT_EQ(sent.dropped, 1u);
      EXPECT_EQ(sent.waiting + sent.delivered, 0u);
    }
    EXPECT_EQ(receiver_of(host, "stage.orders", "actor").dropped, 3u);
  }
  EXPECT_TRUE(heard(kInRing + kBacklog));
  EXPECT_THAT(heard_, ElementsAreArray(range(0, kInRing + kBacklog)));
}

TEST_F(SlowPlugin, that_is_stopped_hears_first_what_waited_for_it) {
  Host& host = begin(SlowConsumer::Refuse);
  std::jthread stopper;
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < kInRing + kBacklog; ++i) ASSERT_TRUE(publish(i));
    stopper = std::jthread{[&] { EXPECT_TRUE(host.stop("actor", kPatience)); }};
    await_event(host, HostEventKind::Stopped, "actor");
  }
  EXPECT_TRUE(heard(kInRing + kBacklog));
  stopper.join();

  EXPECT_THAT(heard_, ElementsAreArray(range(0, kInRing + kBacklog)));
}

TEST_F(SlowPlugin, that_ends_while_it_is_stopped_leaves_nothing_that_waits_and_holds_no_chunk) {
  Host& host = begin(SlowConsumer::Refuse);
  const std::string text(300, 't');
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < kInRing + kBacklog; ++i)
      ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = i, .text = text})));
    EXPECT_EQ(host.stop("actor", 20ms).error().code, ErrorCode::DeadlineExceeded);
  }
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));

  ASSERT_TRUE(host.restart("actor"));
  ASSERT_TRUE(publish(500));

  EXPECT_TRUE(heard(1));
  EXPECT_THAT(heard_, ElementsAreArray({500u})) << "no news of before";
  EXPECT_EQ(receiver_of(host, "stage.orders", "actor").dropped, kInRing + kBacklog);
}

/// The host's own callbacks do not keep up, because nobody polls.
class SlowHost : public HostTest {
 protected:
  static constexpr std::uint32_t kBacklog = 8;

  static Host begin(SlowConsumer policy) {
    auto plugin = actor();
    plugin.slots = 16;
    auto configuration = with({plugin});
    route(configuration, "actor.news").slow_consumer = policy;
    route(configuration, "actor.news").backlog = kBacklog;
    return start(std::move(configuration));
  }

  static Result<Reply<stage::Outcome>> tell(Host& host, std::uint64_t from, std::uint32_t count,
                                            std::chrono::nanoseconds deadline = 30s) {
    return host.client<actor::Client>().value().act(order({.deed = Deed::Publish, .number = from, .count = count}),
                                                    {.deadline = deadline});
  }
  /// The same, and takes what it published: an answer overtakes the last news, and the next call takes all there is.
  static bool tell_and_take(Host& host, std::uint64_t from, std::uint32_t count) {
    return tell(host, from, count) && host.client<actor::Client>().value().act(order({}), {.deadline = 30s});
  }
};

TEST_F(SlowHost, that_drops_the_oldest_hears_the_last) {
  Host host = begin(SlowConsumer::DropOldest);
  Numbers heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });

  ASSERT_TRUE(tell_and_take(host, 0, 100));

  EXPECT_EQ(subscription->dropped(), 100 - kBacklog);
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == kBacklog; }));
  EXPECT_THAT(heard, ElementsAreArray(range(100 - kBacklog, kBacklog)));
}

TEST_F(SlowHost, that_drops_the_newest_hears_the_first) {
  Host host = begin(SlowConsumer::DropNewest);
  Numbers heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });

  ASSERT_TRUE(tell_and_take(host, 0, 100));

  EXPECT_EQ(subscription->dropped(), 100 - kBacklog);
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == kBacklog; }));
  EXPECT_THAT(heard, ElementsAreArray(range(0, kBacklog)));
}

TEST_F(SlowHost, that_refuses_stops_the_plugin_until_it_polls) {
  Host host = begin(SlowConsumer::Refuse);
  Numbers heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::jthread teller{[&] { EXPECT_TRUE(tell(host, 0, 500)); }};

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 500; }));

  EXPECT_THAT(heard, ElementsAreArray(range(0, 500)));
  EXPECT_EQ(subscription->dropped(), 0u);
}

TEST_F(SlowHost, that_refuses_and_never_polls_is_told_to_the_plugin) {
  Host host = begin(SlowConsumer::Refuse);
  const auto subscription = host.subscribe<stage::News>("actor.news", [](News&) {});

  const auto told = tell(host, 0, 100);

  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::RingFull);
}

class EachOther : public HostTest {};

TEST_F(EachOther, two_plugins_whose_news_both_refuse_are_told_and_serve_on) {
  auto first = actor();
  auto second = partner(3);
  first.slots = second.slots = 16;
  first.handler_max = second.handler_max = 1h;
  auto configuration = with({first, second});
  for (const char* topic : {"actor.news", "partner.news"}) route(configuration, topic).backlog = 4;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();

  // The actor takes nothing while it publishes, so the partner cannot pass on, so it takes nothing either.
  const auto told = client.act(order({.deed = Deed::Publish, .count = 500}), {.deadline = 60s});

  EXPECT_TRUE(told || told.error().code == ErrorCode::RingFull) << to_string(told.error());
  EXPECT_TRUE(poll_until(host, [&] {
    const auto of_actor = snapshot_of(host, "actor");
    const auto of_partner = snapshot_of(host, "partner");
    return of_actor.done == of_actor.sent && of_partner.done == of_partner.sent &&
           receiver_of(host, "actor.news", "partner").waiting + receiver_of(host, "partner.news", "actor").waiting == 0;
  })) << "they go on once the actor listens";
  EXPECT_TRUE(client.act(order({.deed = Deed::Ask, .number = 1}), {.deadline = 60s})) << "both serve";
  EXPECT_EQ(snapshot_of(host, "actor").crashes + snapshot_of(host, "partner").crashes, 0u);
}

TEST_F(EachOther, a_publication_that_was_refused_reached_none_of_two_plugins_and_any_other_reached_both) {
  auto first = actor();
  auto second = partner(0);
  first.slots = second.slots = 16;
  auto configuration = with({first, second});
  route(configuration, "stage.orders").backlog = 1;
  // They hear each other: neither may wait for the other to take what it publishes.
  for (const char* topic : {"actor.news", "partner.news"}) route(configuration, topic).backlog = 1u << 20;
  Host host = start(std::move(configuration));
  std::vector<Numbers> heard(2);
  const auto from_actor =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard[0].push_back(news->number()); });
  const auto from_partner =
      host.subscribe<stage::News>("partner.news", [&](News& news) { heard[1].push_back(news->number()); });
  constexpr std::size_t kThreads = 4;
  std::vector<Numbers> sent(kThreads);
  std::atomic<std::size_t> ready = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        auto orders = host.publisher<stage::Order>("stage.orders").value();
        for (std::uint64_t i = 0; i < scaled(200'000); ++i)
          if (const std::uint64_t number = thread << 32 | i;
              orders.publish(order({.deed = Deed::Publish, .number = number})))
            sent[thread].push_back(number);
        ++ready;
      });
    EXPECT_TRUE(poll_until(host, [&] { return ready == kThreads; }));
  }
  Numbers all;
  for (const Numbers& each : sent) all.insert(all.end(), each.begin(), each.end());

  EXPECT_TRUE(poll_until(host, [&] { return heard[0].size() >= all.size() && heard[1].size() >= all.size(); }));
  for (Numbers& each : heard) {
    std::ranges::sort(each);
    EXPECT_EQ(each, all);
  }
}

}  // namespace
}  // namespace shunt::test
