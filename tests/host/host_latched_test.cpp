/// Topics that keep their last publications: whoever comes late hears them, each once and before all that follows.
#include "quotes.hpp"

#include <shunt/host/plan.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using News = Received<stage::News>;

class Latched : public HostTest {
 protected:
  static constexpr std::uint32_t kLast = 3;

  static HostConfiguration latching(std::vector<PluginConfiguration> plugins, std::uint32_t last = kLast) {
    auto configuration = with(std::move(plugins));
    for (const char* const topic : {"stage.quotes", "herald.quotes"}) route(configuration, topic).latched = last;
    return configuration;
  }
  static void publish_all(Host& host, std::uint64_t from, std::uint64_t to, std::uint32_t bytes = 0) {
    for (std::uint64_t number = from; number <= to; ++number) {
      const auto sent = publish(host, number, {}, bytes);
      ASSERT_TRUE(sent) << to_string(sent.error());
    }
  }
  /// Publishes through the herald, and waits until the host has taken all of it.
  static void proclaim_all(Host& host, std::uint64_t from, std::uint64_t to, std::uint32_t bytes = 0) {
    const auto before = snapshot_of(host, "herald").received;
    proclaim(host, from, static_cast<std::uint32_t>(to - from + 1), {.bytes = bytes});
    ASSERT_TRUE(poll_until(host, [&] { return snapshot_of(host, "herald").received == before + to - from + 1; }));
  }
  static void kill(Host& host, const std::string& plugin) {
    const auto seen = host.events().back().number;
    send_signal(pid_of(host, plugin), SIGKILL);
    await_event(host, HostEventKind::Ended, plugin, seen);
  }
  static RouteSnapshot::Receiver receiver(Host& host) { return receiver_of(host, "stage.quotes", "scribe"); }
  static bool all_chunks_are_back(Host& host) {
    return poll_until(host, [&] { return chunks_in_use(host) == 0; });
  }
  static Numbers latched(Numbers numbers) {
    for (std::uint64_t& each : numbers) each += kLatched;
    return numbers;
  }
};

TEST_F(Latched, a_plugin_that_starts_late_hears_the_last_in_their_order_and_is_told_that_it_was_late) {
  for (const std::uint32_t bytes : {0u, 2000u}) {
    Host host = start(latching({scribe()}));
    ASSERT_TRUE(host.stop("scribe"));
    publish_all(host, 1, 10, bytes);
    EXPECT_EQ(chunks_in_use(host), 0u) << "what a topic keeps holds no chunk of anybody";

    ASSERT_TRUE(host.restart("scribe"));

    EXPECT_THAT(recall(host, kLast), ElementsAreArray(latched({8, 9, 10})));
    publish_all(host, 11, 11, bytes);
    EXPECT_EQ(recall(host, kLast + 1).back(), 11u);
    EXPECT_EQ(receiver(host).latched, kLast);
    const auto snapshot = host.snapshot();
    const auto topic = std::ranges::find(snapshot.routes, "stage.quotes", &RouteSnapshot::name);
    EXPECT_EQ(topic->latched, kLast);
    EXPECT_EQ(topic->latched_max, kLast);
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Latched, fewer_than_may_be_kept_are_all_heard) {
  Host host = start(latching({scribe()}, 100));
  publish_all(host, 1, 2);
  EXPECT_THAT(recall(host, 2), ElementsAre(1, 2));

  kill(host, "scribe");

  EXPECT_THAT(recall(host, 2), ElementsAreArray(latched({1, 2})));
}

TEST_F(Latched, what_a_plugin_published_is_heard_by_one_that_comes_late_also_when_its_publisher_was_killed) {
  for (const std::uint32_t bytes : {0u, 20'000u}) {
    Host host = start(latching({scribe(), herald()}));
    ASSERT_TRUE(host.stop("scribe"));
    proclaim_all(host, 1, 5, bytes);
    kill(host, "herald");

    ASSERT_TRUE(host.restart("scribe"));

    EXPECT_THAT(recall(host, kLast), ElementsAreArray(latched({3, 4, 5})));
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Latched, a_subscription_hears_the_last_that_plugins_published_and_none_of_its_hosts_own) {
  Host host = start(latching({herald()}));
  proclaim_all(host, 1, 5);
  ASSERT_TRUE(
      host.publisher<stage::News>("herald.quotes")->publish([](auto& build) { return stage::CreateNews(build, 100); }));
  Numbers heard;

  const auto subscription = host.subscribe<stage::News>(
      "herald.quotes", [&](News& news) { heard.push_back(news->number() + (news.latched() ? kLatched : 0)); });
  proclaim_all(host, 6, 6);

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 3; }));
  EXPECT_THAT(heard, ElementsAre(4 + kLatched, 5 + kLatched, 6));
}

TEST_F(Latched, what_a_killed_plugin_had_not_begun_and_what_is_kept_are_heard_once_each) {
  Host host = start(latching({scribe()}));
  {
    const Frozen frozen{host, "scribe"};
    publish_all(host, 1, 20, 1000);  // 14 in its ring, the others wait
    kill(host, "scribe");
  }
  EXPECT_THAT(recall(host, 20), ElementsAreArray(numbers(1, 20)));

  kill(host, "scribe");

  EXPECT_THAT(recall(host, kLast), ElementsAreArray(latched({18, 19, 20})));
  EXPECT_EQ(receiver(host).unknown, 0u);
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Latched, what_was_dropped_before_the_next_instance_came_is_in_its_place_if_it_is_kept) {
  auto configuration = latching({scribe()});
  route(configuration, "stage.quotes").slow_consumer = SlowConsumer::DropNewest;
  route(configuration, "stage.quotes").backlog = 2;
  Host host = start(std::move(configuration));
  {
    const Frozen frozen{host, "scribe"};
    publish_all(host, 1, 20);
    EXPECT_EQ(receiver(host).dropped, 4u);
    kill(host, "scribe");
  }
  Numbers expected = numbers(1, 16);
  for (const std::uint64_t number : latched({18, 19, 20})) expected.push_back(number);
  EXPECT_THAT(recall(host, expected.size()), ElementsAreArray(expected));
}

TEST_F(Latched, of_keys_that_conflate_a_newcomer_hears_the_latest_of_what_is_kept) {
  auto configuration = latching({scribe()});
  route(configuration, "stage.quotes").slow_consumer = SlowConsumer::Conflate;
  Host host = start(std::move(configuration));
  ASSERT_TRUE(host.stop("scribe"));
  for (const auto& [number, key] : {std::pair{1, "A"}, {2, "B"}, {3, "A"}})
    ASSERT_TRUE(publish(host, static_cast<std::uint64_t>(number), {.key = key}));

  ASSERT_TRUE(host.restart("scribe"));

  EXPECT_THAT(recall(host, 2), ElementsAreArray(latched({3, 2})));
}

TEST_F(Latched, a_version_that_takes_over_hears_the_last_and_then_what_follows) {
  Host host = start(latching({scribe(1), scribe(2)}));
  publish_all(host, 1, 5, 1000);

  ASSERT_TRUE(host.switch_to("scribe", "2.0.0"));
  publish_all(host, 6, 7, 1000);

  EXPECT_THAT(recall(host, 5), ElementsAre(3 + kLatched, 4 + kLatched, 5 + kLatched, 6, 7));
}

TEST_F(Latched, a_version_that_takes_over_while_messages_flow_misses_none_and_hears_none_twice) {
  Host host = start(latching({scribe(1), scribe(2)}));
  std::atomic<bool> switched = false;
  std::uint64_t last = 0;
  {
    std::jthread poller{[&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); }};
    std::jthread publisher{[&] {
      for (std::uint64_t left = 100; left > 0; left -= switched.load() ? 1 : 0) {
        ++last;
        while (!publish(host, last, {}, last % 2 == 0 ? 1000 : 0)) std::this_thread::yield();  // it is refused
      }
    }};
    EXPECT_TRUE(host.switch_to("scribe", "2.0.0"));
    switched = true;
    publisher.join();
    EXPECT_TRUE(await([&] { return !recall(host).empty() && recall(host).back() % kLatched == last; }));
  }
  const Numbers heard = recall(host);

  for (std::size_t i = 1; i < heard.size(); ++i)
    ASSERT_EQ(heard[i] % kLatched, heard[i - 1] % kLatched + 1) << "place " << i;
}

TEST_F(Latched, a_subscription_in_the_midst_of_a_stream_misses_none_and_hears_none_twice) {
  Host host = start(latching({herald()}));
  proclaim_all(host, 0, kLast - 1);
  std::jthread poller{[&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); }};
  std::jthread publisher{[&](const std::stop_token& stop) {
    for (std::uint64_t from = kLast; !stop.stop_requested(); from += 50) proclaim(host, from, 50);
  }};
  constexpr std::size_t kEnough = 20;
  for (std::size_t round = 0; round < scaled(50); ++round) {
    Numbers heard;  // the callback's until there are enough
    std::size_t late = 0;
    std::atomic<bool> enough = false;
    const auto subscription = host.subscribe<stage::News>("herald.quotes", [&](News& news) {
      if (heard.size() == kEnough) return;
      heard.push_back(news->number());
      late += news.latched() ? 1 : 0;
      enough = heard.size() == kEnough;
    });
    ASSERT_TRUE(await([&] { return enough.load(); }));
    for (std::size_t i = 1; i < kEnough; ++i) ASSERT_EQ(heard[i], heard[i - 1] + 1) << "place " << i;
    ASSERT_EQ(late, kLast);
  }
}

TEST_F(Latched, more_than_the_pool_has_chunks_for_are_heard_as_chunks_come_back) {
  auto plugin = scribe();
  plugin.inbound = {{256, 64}, {32u << 10, 4}};
  Host host = start(latching({plugin}, 20));
  ASSERT_TRUE(host.stop("scribe"));
  publish_all(host, 1, 20, 20'000);

  ASSERT_TRUE(host.restart("scribe"));

  EXPECT_THAT(recall(host, 20), ElementsAreArray(latched(numbers(1, 20))));
  EXPECT_EQ(receiver(host).dropped, 0u);
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Latched, a_newcomer_that_is_killed_in_the_midst_of_them_leaves_all_of_them_to_the_next) {
  auto plugin = scribe();
  plugin.inbound = {{256, 64}, {32u << 10, 4}};
  Host host = start(latching({plugin}, 20));
  ASSERT_TRUE(host.stop("scribe"));
  publish_all(host, 1, 20, 20'000);
  ASSERT_TRUE(host.restart("scribe"));
  {
    const Frozen frozen{host, "scribe"};
    kill(host, "scribe");
  }
  EXPECT_THAT(recall(host, 20), ElementsAreArray(latched(numbers(1, 20))));
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(Latched, a_publication_that_ended_two_instances_is_not_given_to_a_third) {
  Host host = start(latching({scribe()}));
  publish_all(host, 1, 2);
  ASSERT_TRUE(publish(host, kDeadly));

  EXPECT_TRUE(poll_until(host, [&] { return snapshot_of(host, "scribe").crashes == 2; }));
  EXPECT_THAT(recall(host, 2), ElementsAreArray(latched({1, 2})));
  publish_all(host, 3, 3);

  EXPECT_THAT(recall(host, 3), ElementsAre(1 + kLatched, 2 + kLatched, 3));
  EXPECT_EQ(receiver(host).unknown, 2u);
  EXPECT_EQ(snapshot_of(host, "scribe").crashes, 2u);
}

TEST_F(Latched, a_plugin_that_is_enabled_again_hears_what_it_missed_and_nothing_twice) {
  for (const bool drained : {false, true}) {
    Host host = start(latching({scribe(), herald()}));
    publish_all(host, 1, 2);
    EXPECT_THAT(recall(host, 2), ElementsAre(1, 2));
    ASSERT_TRUE(drained ? host.drain("scribe") : host.disable("scribe"));
    publish_all(host, 3, 3, 1000);
    EXPECT_EQ(receiver(host).waiting, 0u) << "it is off";
    proclaim_all(host, 10, 10);

    ASSERT_TRUE(host.enable("scribe"));
    publish_all(host, 4, 4);

    Numbers heard = recall(host, 5);
    std::erase(heard, 10 + kLatched);  // of another topic, whose order with this one is nobody's
    EXPECT_THAT(heard, ElementsAre(1, 2, 3 + kLatched, 4));
    ASSERT_TRUE(host.disable("scribe") && host.enable("scribe"));
    publish_all(host, 5, 5);
    EXPECT_EQ(recall(host, 6).size(), 6u) << "nothing was missed meanwhile";
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(Latched, an_instance_that_starts_while_its_plugin_is_off_hears_what_is_of_before_and_later_the_rest) {
  Host host = start(latching({scribe(), herald()}));
  publish_all(host, 1, 2);
  EXPECT_THAT(recall(host, 2), ElementsAre(1, 2));
  ASSERT_TRUE(host.disable("scribe"));
  publish_all(host, 3, 3);

  const auto seen = host.events().back().number;
  send_signal(pid_of(host, "scribe"), SIGKILL);
  await_event(host, HostEventKind::Active, "scribe", seen);
  EXPECT_TRUE(await([&] { return receiver(host).latched == 2; }));
  ASSERT_TRUE(host.enable("scribe"));

  EXPECT_THAT(recall(host, 3), ElementsAreArray(latched({1, 2, 3})));
}

TEST_F(Latched, a_topic_that_was_off_gives_nothing_again_to_those_who_heard_it_and_the_last_to_who_came_meanwhile) {
  Host host = start(latching({scribe(), herald()}));
  proclaim_all(host, 1, 2);
  EXPECT_THAT(recall(host, 2), ElementsAre(1, 2));
  ASSERT_TRUE(host.disable("herald.quotes"));
  Numbers heard;
  const auto subscription =
      host.subscribe<stage::News>("herald.quotes", [&](News& news) { heard.push_back(news->number()); });
  ASSERT_TRUE(host.enable("herald.quotes"));
  proclaim_all(host, 3, 3);

  EXPECT_THAT(recall(host, 3), ElementsAre(1, 2, 3));
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() >= 3; }));
  EXPECT_THAT(heard, ElementsAre(1, 2, 3));
}

TEST_F(Latched, a_version_that_serves_again_after_an_undone_switch_hears_what_it_missed) {
  auto first = scribe(1);
  first.deadlines.drain = 300ms;
  Host host = start(latching({first, scribe(2)}));
  Status switched;
  {
    const Frozen frozen{host, "scribe"};
    publish_all(host, 1, 2);
    std::jthread switcher{[&] { switched = host.switch_to("scribe", "2.0.0"); }};
    await_event(host, HostEventKind::Switched, "scribe");
    publish_all(host, 3, 4);
    await_event(host, HostEventKind::SwitchUndone, "scribe");
  }
  ASSERT_FALSE(switched);

  EXPECT_THAT(recall(host, 5), ElementsAre(1, 2, 2 + kLatched, 3 + kLatched, 4 + kLatched));
}

TEST_F(Latched, a_successor_does_not_hear_again_what_its_predecessor_left_when_that_was_killed) {
  Host host = start(latching({scribe(1), scribe(2)}));
  {
    const Frozen frozen{host, "scribe"};
    publish_all(host, 1, 5);
    const auto old = pid_of(host, "scribe");
    std::jthread switcher{[&] { static_cast<void>(host.switch_to("scribe", "2.0.0")); }};
    await_event(host, HostEventKind::Switched, "scribe");
    EXPECT_THAT(recall(host, kLast), ElementsAreArray(latched({3, 4, 5})));

    send_signal(old, SIGKILL);
    await_event(host, HostEventKind::Ended, "scribe");
  }
  publish_all(host, 6, 6);

  EXPECT_THAT(recall(host, 6), ElementsAre(3 + kLatched, 4 + kLatched, 5 + kLatched, 1, 2, 6))
      << "what is no longer kept it was owed";
}

TEST_F(Latched, the_plan_has_what_is_kept_and_what_a_newcomer_is_given) {
  const auto plan = plan_memory(latching({scribe(), herald()})).value();

  const auto planned = [&](std::string_view owner, std::string_view what) {
    std::uint64_t bytes = 0;
    for (const PlannedMemory& each : plan.parts) bytes += each.owner == owner && each.what == what ? each.bytes : 0;
    return bytes;
  };
  EXPECT_GE(planned("host", "latched of stage.quotes"), kLast * std::uint64_t{64u << 10});
  EXPECT_LE(planned("host", "latched of stage.quotes"), kLast * std::uint64_t{65u << 10});
  EXPECT_GE(planned("scribe", "greeting of herald.quotes"), kLast * std::uint64_t{64u << 10});
  EXPECT_EQ(planned("herald", "greeting of herald.quotes"), 0u) << "it does not hear it";
}

TEST_F(Latched, a_payload_above_what_is_kept_is_too_large_for_the_topic) {
  auto configuration = latching({scribe()});
  route(configuration, "stage.quotes").latched_bytes = 1024;
  Host host = start(std::move(configuration));

  const auto refused = publish(host, 1, {}, 2000);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("\"stage.quotes\""), HasSubstr("1024"), HasSubstr("`latched_bytes`")));
  EXPECT_EQ(chunks_in_use(host), 0u);
  EXPECT_TRUE(publish(host, 2, {}, 500));
}

TEST_F(Latched, a_publisher_with_chunks_above_what_is_kept_is_refused_before_anything_starts) {
  auto configuration = latching({herald()});
  route(configuration, "herald.quotes").latched_bytes = 1024;

  const auto host = Host::start(std::move(configuration));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("routes.\"herald.quotes\".latched_bytes is 1024"),
                                          HasSubstr("herald 1.0.0"), HasSubstr("65536 bytes")));
}

}  // namespace
}  // namespace shunt::test
