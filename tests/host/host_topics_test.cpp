/// Topics: from the host to plugins, from plugins to the host, and from plugin to plugin.
#include "cast.hpp"

#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using News = Received<stage::News>;

class Topics : public HostTest {
 protected:
  /// Has the actor publish `count` news, the first with number `from`.
  static void tell(Host& host, std::uint64_t from, std::uint32_t count, std::uint32_t bytes = 0) {
    auto client = host.client<actor::Client>().value();
    const auto told =
        client.act(order({.deed = Deed::Publish, .number = from, .bytes = bytes, .count = count}), {.deadline = 30s});
    if (!told) throw std::runtime_error(to_string(told.error()));
  }
};

TEST_F(Topics, what_a_plugin_publishes_is_heard_in_its_order) {
  Host host = start({actor()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  ASSERT_TRUE(subscription);

  tell(host, 1, 3);
  tell(host, 4, 2, 20'000);

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 5; }));
  EXPECT_THAT(heard, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(snapshot_of(host, "actor").received, 5u);
}

TEST_F(Topics, what_the_host_publishes_reaches_a_plugin) {
  Host host = start({actor()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  const auto small = orders.publish(order({.deed = Deed::Publish, .number = 1}));
  const auto large = orders.publish(order({.deed = Deed::Publish, .number = 2, .text = std::string(3000, 't')}));

  ASSERT_TRUE(small && large);
  EXPECT_EQ(small->delivered, 1u);
  EXPECT_EQ(large->delivered, 1u);
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 2; }));
  EXPECT_THAT(heard, ElementsAre(1, 2));
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Topics, news_pass_from_plugin_to_plugin_and_to_the_host_at_once) {
  Host host = start({actor(), partner()});
  std::vector<std::uint64_t> first;
  std::vector<std::uint64_t> passed_on;
  const auto from_actor = host.subscribe<stage::News>("actor.news", [&](News& news) {
    EXPECT_EQ(news->padding()->size(), 5000u);
    first.push_back(news->number());
  });
  const auto from_partner = host.subscribe<stage::News>("partner.news", [&](News& news) {
    EXPECT_EQ(news->padding()->size(), 5000u);
    passed_on.push_back(news->number());
  });

  tell(host, 1, 4, 5000);

  EXPECT_TRUE(poll_until(host, [&] { return first.size() == 4 && passed_on.size() == 4; }));
  EXPECT_THAT(first, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(passed_on, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(snapshot_of(host, "actor").copied, 4u) << "once each, for the partner's compartment";
}

TEST_F(Topics, callbacks_run_in_poll_and_nowhere_else) {
  Host host = start({actor()});
  std::thread::id ran_on;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News&) { ran_on = std::this_thread::get_id(); });

  tell(host, 1, 1);
  for (int i = 0; i < 100; ++i) tell(host, 2, 0);  // these calls drain, and drained the news
  EXPECT_EQ(snapshot_of(host, "actor").received, 1u);
  EXPECT_EQ(ran_on, std::thread::id{});

  std::thread{[&] { EXPECT_TRUE(poll_until(host, [&] { return ran_on != std::thread::id{}; })); }}.join();
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST_F(Topics, a_dispatcher_runs_callbacks_until_it_is_asked_to_stop) {
  Host host = start({actor()});
  std::atomic<std::uint64_t> heard = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News&) { ++heard; });
  std::jthread dispatcher{[&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); }};

  for (std::uint64_t i = 0; i < 10; ++i) {
    tell(host, i, 1);
    EXPECT_TRUE(await([&] { return heard == i + 1; }));
  }

  dispatcher.request_stop();
  dispatcher.join();
}

TEST_F(Topics, what_waits_for_its_callback_is_refused_inside_one) {
  Host host = start({actor()});
  std::vector<ErrorCode> codes;
  const auto code = [](const auto& result) { return result ? ErrorCode::Unknown : result.error().code; };
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News&) {
    codes = {code(host.poll()),           code(host.run_dispatcher({})), code(host.switch_to("actor", "2.0.0")),
             code(host.stop("actor")),    code(host.restart("actor")),   code(host.drain("actor")),
             code(host.disable("actor")), code(host.enable("actor")),    code(host.stop()),
             code(host.end_now())};
  });

  tell(host, 1, 1);

  EXPECT_TRUE(poll_until(host, [&] { return !codes.empty(); }));
  EXPECT_THAT(codes, testing::Each(ErrorCode::WouldDeadlock));
}

TEST_F(Topics, a_callback_may_call_publish_and_subscribe) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::optional<Subscription> inner;
  std::vector<std::uint64_t> outer_heard;
  std::vector<std::uint64_t> inner_heard;
  const auto outer = host.subscribe<stage::News>("actor.news", [&](News& news) {
    outer_heard.push_back(news->number());
    if (news->number() != 1) return;
    EXPECT_EQ(client.act(order({.number = 9})).value()->number(), 9u);
    inner.emplace(
        host.subscribe<stage::News>("actor.news", [&](News& again) { inner_heard.push_back(again->number()); })
            .value());
    EXPECT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = 2})));
  });

  tell(host, 1, 1);

  EXPECT_TRUE(poll_until(host, [&] { return outer_heard.size() == 2 && inner_heard.size() == 1; }));
  EXPECT_THAT(inner_heard, ElementsAre(2));
}

TEST_F(Topics, several_threads_poll_and_each_news_is_heard_once_and_in_order) {
  Host host = start({actor()});
  std::vector<std::uint64_t> heard;  // without a lock: callbacks of one subscription run one at a time
  std::atomic<std::size_t> count = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News& news) {
    heard.push_back(news->number());
    ++count;
  });
  const std::size_t all = scaled(20'000);

  {
    std::vector<std::jthread> threads;
    threads.reserve(3);
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) static_cast<void>(host.poll());
      });
    for (std::size_t from = 0; from < all; from += 100) tell(host, from, 100);
    EXPECT_TRUE(await([&] { return count == all; }));
  }

  ASSERT_EQ(heard.size(), all);
  for (std::size_t i = 0; i < all; ++i) ASSERT_EQ(heard[i], i);
}

TEST_F(Topics, what_is_kept_outlives_its_callback_its_instance_and_its_host) {
  for (const bool in_place : {false, true}) {
    std::optional<Host> host = start({in_place ? trusted(actor()) : actor()});
    std::vector<News::Kept> kept;
    auto subscription =
        host->subscribe<stage::News>("actor.news", [&](News& news) { kept.push_back(std::move(news).keep()); });
    tell(*host, 1, 3, 20'000);
    ASSERT_TRUE(poll_until(*host, [&] { return kept.size() == 3; }));

    send_signal(pid_of(*host, "actor"), SIGKILL);
    await_event(*host, HostEventKind::Ended, "actor");
    subscription = tl::make_unexpected(Error{});
    host.reset();

    EXPECT_EQ(kept[2]->number(), 3u);
    EXPECT_EQ(kept[0]->padding()->Get(19'999), 'x');
  }
}

TEST_F(Topics, kept_news_count_against_the_plugin_that_made_them) {
  auto plugin = trusted(actor());
  plugin.outbound = {{256, 16}, {32u << 10, 4}};
  Host host = start({plugin});
  auto client = host.client<actor::Client>().value();
  std::vector<News::Kept> kept;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { kept.push_back(std::move(news).keep()); });
  tell(host, 1, 4, 20'000);
  ASSERT_TRUE(poll_until(host, [&] { return kept.size() == 4; }));

  const auto one_more = client.act(order({.deed = Deed::Publish, .number = 5, .bytes = 20'000}));

  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(one_more.error().message, HasSubstr("outbound"));
  kept.pop_back();
  tell(host, 5, 1, 20'000);
}

TEST_F(Topics, a_subscription_ended_from_its_own_callback_hears_no_more) {
  Host host = start({actor()});
  std::optional<Subscription> subscription;
  int heard = 0;
  subscription.emplace(host.subscribe<stage::News>("actor.news",
                                                   [&](News&) {
                                                     ++heard;
                                                     subscription.reset();
                                                   })
                           .value());

  tell(host, 1, 5);
  EXPECT_TRUE(poll_until(host, [&] { return heard > 0; }));
  tell(host, 6, 5);

  EXPECT_EQ(host.poll().value(), 0u);
  EXPECT_EQ(heard, 1);
}

TEST_F(Topics, a_subscription_that_ended_runs_no_callback_on_any_thread) {
  Host host = start({actor()});
  std::jthread poller{[&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); }};

  for (std::size_t round = 0; round < scaled(500); ++round) {
    std::atomic<bool> ended = false;
    std::atomic<int> late = 0;
    {
      auto subscription = host.subscribe<stage::News>("actor.news", [&](News&) {
        std::this_thread::yield();
        if (ended) ++late;
      });
      tell(host, 0, 20);
      subscription = tl::make_unexpected(Error{});
      ended = true;
    }
    ASSERT_EQ(late, 0);
  }
}

TEST_F(Topics, a_subscription_may_outlive_its_host) {
  std::optional<Host> host = start({actor()});
  auto subscription = host->subscribe<stage::News>("actor.news", [](News&) {});
  tell(*host, 1, 1);

  host.reset();

  ASSERT_TRUE(subscription);
  EXPECT_EQ(subscription->dropped(), 0u);
}

TEST_F(Topics, news_that_a_subscriber_could_not_read_are_counted) {
  Host host = start({actor()});
  int shown = 0;
  const auto subscription =
      host.subscribe_bytes("actor.news", {}, [&](ReceivedBytes&, bool) { return ++shown, false; });

  tell(host, 1, 3);

  EXPECT_TRUE(poll_until(host, [&] { return subscription->dropped() == 3; }));
  EXPECT_EQ(shown, 3);
}

TEST_F(Topics, a_publishing_builder_that_throws_gives_its_loan_back) {
  auto configuration = with({actor()});
  route(configuration, "stage.orders").payload = PayloadPlace::Chunk;
  Host host = start(std::move(configuration));
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto throwing = [](flatbuffers::FlatBufferBuilder& build) -> flatbuffers::Offset<stage::Order> {
    static_cast<void>(build.CreateString(std::string(2000, 't')));
    throw std::runtime_error("changed my mind");
  };

  for (int i = 0; i < 1000; ++i) EXPECT_THROW(static_cast<void>(orders.publish(throwing)), std::runtime_error);

  EXPECT_EQ(chunks_in_use(host), 0u);
}

}  // namespace
}  // namespace shunt::test
