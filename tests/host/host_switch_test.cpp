/// Versions that take over in mid-traffic, and the cases in which they do not.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using News = Received<stage::News>;

class Switches : public HostTest {
 protected:
  static std::uint32_t version(Host& host) {
    return host.client<actor::Client>().value().act(order({}), {.deadline = 30s}).value()->version();
  }
  /// For a test to fail with: what handlers could not do, and who ended otherwise than it was told to.
  static std::string what_failed(Host& host) {
    std::string text;
    for (const HostEvent& each : host.events())
      if (each.kind == HostEventKind::HandlerFailed || each.kind == HostEventKind::Ended)
        text += fmt::format("\n  {} {} #{} {}", name(each.kind), each.plugin, each.instance, each.text);
    for (const PluginSnapshot& each : host.snapshot().plugins)
      text += fmt::format("\n  {} #{} says that {} handlers failed", each.plugin, each.instance, each.says_failed);
    return text;
  }
  /// Of one of two that run.
  static std::int64_t pid_of_version(Host& host, std::string_view version) {
    std::int64_t pid = 0;
    EXPECT_TRUE(await([&] {
      for (const PluginSnapshot& each : host.snapshot().plugins)
        if (each.version.starts_with(version)) pid = each.pid;
      return pid > 0;
    }));
    return pid;
  }
};

TEST_F(Switches, lead_every_route_to_the_new_version_and_end_the_old_one) {
  Host host = start({actor(), actor_2()});
  ASSERT_EQ(version(host), 1u);

  const auto switched = host.switch_to("actor", "2.0.0");

  ASSERT_TRUE(switched) << to_string(switched.error());
  EXPECT_EQ(version(host), 2u);
  EXPECT_THAT(await_event(host, HostEventKind::Switched, "actor").text, HasSubstr("1.0.0"));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
  EXPECT_THAT(snapshot_of(host, "actor").version, HasSubstr("2.0.0"));
  EXPECT_EQ(Belongings::now().children.size(), 1u) << "the old version is gone";
  EXPECT_TRUE(host.switch_to("actor", "2.0.0")) << "it is there already";
  EXPECT_TRUE(host.switch_to("actor", "1.0.0"));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Switches, the_active_one_serves_first) {
  auto second = actor_2();
  second.active = true;
  Host host = start({actor(), second});

  EXPECT_EQ(version(host), 2u);
}

TEST_F(Switches, lose_duplicate_and_reorder_nothing_while_threads_publish_and_call) {
  auto configuration = with({actor(), actor_2()});
  route(configuration, "actor.news").backlog = 1u << 20;
  Host host = start(std::move(configuration));
  std::map<std::uint64_t, std::vector<std::uint64_t>> heard;  // by sender
  std::atomic<std::size_t> heard_count = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News& news) {
    heard[news->number() >> 32].push_back(news->number() & 0xffffffff);
    ++heard_count;
  });
  std::atomic<bool> ends = false;
  std::atomic<std::size_t> published = 0;
  std::atomic<std::size_t> wrong_calls = 0;
  std::atomic<std::uint32_t> versions = 0;
  std::vector<std::jthread> threads;
  for (std::uint64_t sender = 0; sender < 2; ++sender)
    threads.emplace_back([&, sender] {
      auto orders = host.publisher<stage::Order>("stage.orders").value();
      for (std::uint64_t i = 0; !ends;) {
        const std::string_view text = i % 5 == 0 ? std::string_view{"a text that wants a chunk, because it is long: "
                                                                    "a text that wants a chunk, because it is long: "
                                                                    "a text that wants a chunk, because it is long: "
                                                                    "a text that wants a chunk, because it is long"}
                                                 : "";
        if (orders.publish(order({.deed = Deed::Publish, .number = sender << 32 | i, .text = text}))) ++i, ++published;
        else std::this_thread::sleep_for(100us);
      }
    });
  for (int caller = 0; caller < 2; ++caller)
    threads.emplace_back([&] {
      auto client = host.client<actor::Client>().value();
      for (std::uint64_t i = 0; !ends; ++i) {
        const auto reply = client.act(order({.number = i}), {.deadline = 30s});
        if (!reply || (*reply)->number() != i) ++wrong_calls;
        else versions |= (*reply)->version();
      }
    });

  for (std::size_t i = 0; i < scaled(100); ++i) {
    const auto switched = host.switch_to("actor", i % 2 == 0 ? "2.0.0" : "1.0.0");
    EXPECT_TRUE(switched) << to_string(switched.error());
    static_cast<void>(host.poll());  // however slowly versions take turns, what waits for us never fills the backlog
  }
  ends = true;
  threads.clear();

  EXPECT_TRUE(poll_until(host, [&] { return heard_count == published; }))
      << heard_count << " of " << published << what_failed(host);
  EXPECT_EQ(wrong_calls, 0u);
  EXPECT_EQ(versions, 3u) << "both versions answered";
  EXPECT_EQ(heard.size(), 2u);
  for (auto& [sender, numbers] : heard) {
    std::ranges::sort(numbers);  // across a switch two versions publish at once
    for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i) << "of sender " << sender;
  }
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), chunks_in_use(host) == 0; }));
}

TEST_F(Switches, keep_the_order_of_each_sender_within_a_version) {
  Host host = start({actor(), actor_2()});
  std::map<std::uint32_t, std::vector<std::uint64_t>> heard;  // by version
  std::size_t count = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News& news) {
    heard[news->version()].push_back(news->number());
    ++count;
  });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::atomic<bool> switched = false;

  std::jthread switcher{[&] {
    for (std::size_t i = 0; i < scaled(200); ++i)  // one right after the other: each version comes back many times
      EXPECT_TRUE(host.switch_to("actor", i % 2 == 0 ? "2.0.0" : "1.0.0"));
    switched = true;
  }};
  std::uint64_t published = 0;
  while (!switched) {
    if (orders.publish(order({.deed = Deed::Publish, .number = published}))) ++published;
    static_cast<void>(host.poll());
  }
  EXPECT_TRUE(poll_until(host, [&] { return count == published; }));

  for (const auto& [version, numbers] : heard) EXPECT_TRUE(std::ranges::is_sorted(numbers)) << version;
  EXPECT_EQ(heard[1].size() + heard[2].size(), published);
}

TEST_F(Switches, keep_the_order_of_all_versions_on_a_route_that_has_a_total_one) {
  auto configuration = with({actor(), actor_2()});
  route(configuration, "stage.orders").order = shunt::Order::Total;
  route(configuration, "stage.orders").backlog = 1u << 16;
  Host host = start(std::move(configuration));
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::atomic<bool> switched = false;
  std::jthread switcher{[&] {
    for (std::size_t i = 0; i < scaled(40); ++i) EXPECT_TRUE(host.switch_to("actor", i % 2 == 0 ? "2.0.0" : "1.0.0"));
    switched = true;
  }};

  std::uint64_t sent = 0;
  while (!switched || sent < 1000) {
    if (orders.publish(order({.deed = Deed::Publish, .number = sent}))) ++sent;
    static_cast<void>(host.poll());
  }

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == sent; })) << heard.size() << " of " << sent;
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_EQ(std::ranges::adjacent_find(heard), heard.end());
}

TEST_F(Switches, that_are_undone_give_the_old_version_what_waited_on_a_route_with_a_total_order) {
  auto first = actor();
  first.handler_max = 1h;
  first.deadlines.drain = 300ms;
  auto configuration = with({first, actor_2()});
  route(configuration, "stage.orders").order = shunt::Order::Total;
  Host host = start(std::move(configuration));
  std::vector<std::uint64_t> versions;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { versions.push_back(news->version()); });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  {
    const Frozen frozen{host, "actor"};
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish})));
    std::jthread switcher{[&] { EXPECT_FALSE(host.switch_to("actor", "2.0.0")); }};
    await_event(host, HostEventKind::Switched, "actor");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(orders.publish(order({.deed = Deed::Publish}))->waiting, 1u);
    await_event(host, HostEventKind::SwitchUndone, "actor");
  }

  EXPECT_TRUE(poll_until(host, [&] { return versions.size() == 11; }));
  EXPECT_TRUE(std::ranges::all_of(versions, [](std::uint64_t version) { return version == 1; }));
}

TEST_F(Switches, to_what_is_not_there_change_nothing_and_say_so) {
  Host host = start({actor()});

  const auto plugin = host.switch_to("nobody", "1.0.0");
  const auto version_3 = host.switch_to("actor", "3.0.0");
  const auto no_version = host.switch_to("actor", "the best");

  EXPECT_EQ(plugin.error().code, ErrorCode::NoSuchPlugin);
  EXPECT_THAT(plugin.error().message, HasSubstr("\"nobody\""));
  EXPECT_EQ(version_3.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(version_3.error().message, AllOf(HasSubstr("\"actor\""), HasSubstr("3.0.0"), HasSubstr("[[plugin]]")));
  EXPECT_FALSE(no_version);
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Switches, to_a_version_that_another_plugin_cannot_call_are_refused) {
  Host host = start({actor(), actor_2(), partner()});  // the partner calls actor/act of ^1.0

  const auto switched = host.switch_to("actor", "2.0.0");

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(switched.error().message, AllOf(HasSubstr("partner 1.0.0"), HasSubstr("2.0.0"), HasSubstr("^1.0")));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Switches, away_from_a_version_that_another_plugin_cannot_call_let_it_call) {
  auto second = actor_2();
  second.active = true;
  Host host = start({actor(), second, partner()});
  auto client = host.client<partner::Client>().value();
  const auto ask = [&] { return client.act(order({.deed = Deed::Ask, .number = 7}), {.deadline = 30s}); };
  const auto refused = ask();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("2.0.0"), HasSubstr("^1.0")));
  EXPECT_EQ(version(host), 2u) << "the host itself may call it";

  ASSERT_TRUE(host.switch_to("actor", "1.0.0"));

  EXPECT_TRUE(ask());
}

TEST_F(Switches, of_what_is_stopped_are_refused) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.stop("actor"));

  const auto switched = host.switch_to("actor", "2.0.0");

  EXPECT_EQ(switched.error().code, ErrorCode::NotServing);
  EXPECT_THAT(switched.error().message, HasSubstr("restart it"));
}

TEST_F(Switches, to_a_version_that_fails_in_any_phase_leave_the_old_one_serving) {
  for (const std::string trouble : {"init fail", "validate throw", "activate exit", "activate hang"}) {
    auto second = actor_2(trouble);
    second.deadlines.activate = 200ms;
    Host host = start({actor(), second});
    const auto before = snapshot_of(host, "actor").instance;

    const auto switched = host.switch_to("actor", "2.0.0");

    EXPECT_FALSE(switched) << trouble;
    EXPECT_EQ(version(host), 1u);
    EXPECT_EQ(snapshot_of(host, "actor").instance, before) << trouble;
    EXPECT_TRUE(await([] { return Belongings::now().children.size() == 1; })) << "nothing is left of the new one";
  }
}

TEST_F(Switches, are_undone_when_the_old_version_does_not_finish_in_time) {
  auto first = actor();
  first.handler_max = 1h;
  first.deadlines.drain = 300ms;
  Host host = start({first, actor_2()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto before = snapshot_of(host, "actor");
  {
    const Frozen frozen{host, "actor"};
    ASSERT_TRUE(orders.publish(order({})));

    const auto switched = host.switch_to("actor", "2.0.0");

    ASSERT_FALSE(switched);
    EXPECT_EQ(switched.error().code, ErrorCode::DeadlineExceeded);
    EXPECT_THAT(switched.error().message,
                AllOf(HasSubstr("actor 1.0.0"), HasSubstr("within 300 ms (deadlines.drain): messages not done: 1"),
                      HasSubstr("2.0.0"), HasSubstr("undone")));
  }
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(snapshot_of(host, "actor").instance, before.instance);
  await_event(host, HostEventKind::SwitchUndone, "actor");
  EXPECT_EQ(Belongings::now().children.size(), 1u);
  EXPECT_TRUE(host.switch_to("actor", "2.0.0")) << "later it can be";
}

TEST_F(Switches, are_undone_when_the_new_version_dies_before_the_old_one_has_finished) {
  auto first = actor();
  first.handler_max = 1h;
  Host host = start({first, actor_2()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto before = snapshot_of(host, "actor");
  Status switched;
  {
    const Frozen frozen{host, "actor"};
    ASSERT_TRUE(orders.publish(order({})));
    std::jthread switcher{[&] { switched = host.switch_to("actor", "2.0.0"); }};
    await_event(host, HostEventKind::Switched, "actor");

    send_signal(pid_of_version(host, "2.0.0"), SIGKILL);
  }

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::PluginCrashed);
  EXPECT_THAT(switched.error().message, AllOf(HasSubstr("actor 2.0.0"), HasSubstr("ended"), HasSubstr("undone")));
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(snapshot_of(host, "actor").instance, before.instance);
  EXPECT_TRUE(host.switch_to("actor", "2.0.0")) << "later it can be";
}

TEST_F(Switches, while_the_old_version_dies_hand_over_what_it_had_not_begun) {
  Host host = start({actor(), actor_2()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto old = pid_of(host, "actor");
  std::jthread switcher;
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = i})));
    switcher = std::jthread{[&] { EXPECT_TRUE(host.switch_to("actor", "2.0.0")); }};
    await_event(host, HostEventKind::Switched, "actor");

    send_signal(old, SIGKILL);
  }
  switcher.join();

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 10; }));
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_EQ(version(host), 2u);
}

}  // namespace
}  // namespace shunt::test
