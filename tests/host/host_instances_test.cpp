/// Plugins of which several instances serve side by side.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::size_t kSeats = 3;

PluginConfiguration several(PluginConfiguration plugin, std::uint32_t instances = kSeats) {
  plugin.instances = instances;
  return plugin;
}

class Instances : public HostTest {
 protected:
  using Client = actor::Client;

  /// Those of the actor that run and serve, by their seats.
  static std::map<std::uint32_t, PluginSnapshot> serving(Host& host) {
    std::map<std::uint32_t, PluginSnapshot> result;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "actor" && each.state == "Active" && !each.warm) result.emplace(each.seat, each);
    return result;
  }
  static std::vector<std::uint64_t> sent(Host& host) {
    std::vector<std::uint64_t> result;
    for (const auto& [seat, each] : serving(host)) result.push_back(each.sent);
    return result;
  }
  /// The seat that is sent `send` alone.
  template <typename Send>
  static std::uint32_t seat_that_gets(Host& host, Send&& send, std::uint64_t messages) {
    const auto before = serving(host);
    send();
    std::uint32_t found = ~0u;
    for (const auto& [seat, each] : serving(host)) {
      const std::uint64_t more = each.sent - before.at(seat).sent;
      if (more == messages) found = seat;
      else EXPECT_EQ(more, 0u) << "seat " << seat;
    }
    return found;
  }
  static std::uint32_t version(Host& host) {
    return host.client<Client>().value().act(order({}), {.deadline = 30s}).value()->version();
  }
  static std::size_t count_children() { return Belongings::now().children.size(); }
  static bool all_serve(Host& host, std::size_t count) { return serving(host).size() == count; }
};

TEST_F(Instances, share_calls_evenly) {
  Host host = start({several(actor())});
  ASSERT_THAT(serving(host), SizeIs(kSeats));
  auto client = host.client<Client>().value();

  for (std::uint64_t number = 0; number < 300; ++number)
    ASSERT_EQ(client.act(order({.number = number})).value()->number(), number);

  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 100, 2);
}

TEST_F(Instances, share_publications_evenly_and_each_is_handled_once) {
  Host host = start({several(actor())});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::multiset<std::uint64_t> heard;
  const auto news = host.subscribe<stage::News>(
                            "actor.news", [&](const Received<stage::News>& each) { heard.insert(each->number()); })
                        .value();

  for (std::uint64_t number = 0; number < 300; ++number)
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = number})));

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 300; }));
  for (std::uint64_t number = 0; number < 300; ++number) EXPECT_EQ(heard.count(number), 1u) << number;
  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 100, 2);
}

TEST_F(Instances, share_what_other_plugins_publish_and_call) {
  Host host = start({several(actor()), partner(0)});
  auto partner = host.client<partner::Client>().value();
  const auto sum = [&] {
    std::uint64_t all = 0;
    for (const std::uint64_t each : sent(host)) all += each;
    return all;
  };

  for (int i = 0; i < 30; ++i) ASSERT_TRUE(partner.act(order({.deed = Deed::Publish, .count = 10})));
  EXPECT_TRUE(poll_until(host, [&] { return sum() == 300; }));
  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 100, 2);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(partner.act(order({.deed = Deed::Ask}), {.deadline = 30s}));

  EXPECT_EQ(sum(), 360u);
  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 120, 4);
}

TEST_F(Instances, get_all_that_has_their_keys) {
  Host host = start({several(actor())});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  auto client = host.client<Client>().value();
  std::set<std::uint32_t> seats;

  for (std::uint64_t key = 1; key <= 30; ++key) {
    const auto publish_and_call = [&] {
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(orders.publish(order({}), {.key = {key}}));
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.act(order({}), {.key = {key}}));
    };
    seats.insert(seat_that_gets(host, publish_and_call, 10));
  }

  EXPECT_THAT(seats, ElementsAre(0u, 1u, 2u)) << "30 keys, and each instance has some";
}

TEST_F(Instances, share_what_has_one_key_where_the_route_is_not_sticky) {
  auto configuration = with({several(actor())});
  route(configuration, "stage.orders").sticky = false;
  Host host = start(configuration);
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  for (int i = 0; i < 30; ++i) ASSERT_TRUE(orders.publish(order({}), {.key = {7}}));

  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 10, 2);
}

TEST_F(Instances, that_are_down_lend_their_keys_and_have_them_back) {
  auto plugin = several(actor());
  plugin.restart.delay_first = plugin.restart.delay_max = 1h;
  Host host = start({plugin});
  auto client = host.client<Client>().value();
  const auto seat_of = [&](std::uint64_t key) {
    return seat_that_gets(
        host, [&] { ASSERT_TRUE(client.act(order({}), {.key = {key}})); }, 1);
  };
  std::map<std::uint64_t, std::uint32_t> home;
  for (std::uint64_t key = 1; key <= 30; ++key) home[key] = seat_of(key);

  send_signal(serving(host).at(1).pid, SIGKILL);
  await_event(host, HostEventKind::Restarting, "actor");
  for (const auto& [key, seat] : home) {
    if (seat == 1) EXPECT_NE(seat_of(key), 1u);
    else EXPECT_EQ(seat_of(key), seat) << "no other key moves";
  }
  ASSERT_TRUE(host.restart("actor"));
  for (const auto& [key, seat] : home) EXPECT_EQ(seat_of(key), seat);
}

TEST_F(Instances, take_over_what_one_that_dies_had_not_begun) {
  auto plugin = several(actor(), 2);
  plugin.restart.delay_first = plugin.restart.delay_max = 1h;
  plugin.handler_max = 1h;
  Host host = start({plugin});
  auto client = host.client<Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::set<std::uint64_t> heard;
  const auto news = host.subscribe<stage::News>(
                            "actor.news", [&](const Received<stage::News>& each) { heard.insert(each->number()); })
                        .value();
  const auto pid = serving(host).at(1).pid;
  send_signal(pid, SIGSTOP);
  ASSERT_TRUE(await([&] { return is_stopped(pid); }));

  std::vector<Pending<stage::Outcome>> calls;
  for (std::uint64_t number = 0; number < 20; ++number)
    calls.push_back(client.act_async(order({.number = number}), {.deadline = 30s}).value());
  for (std::uint64_t number = 0; number < 600; ++number)  // more than its ring takes: some wait in front of it
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = number})));
  send_signal(pid, SIGKILL);

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 600; }));
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto reply = calls[number].get();
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), number);
  }
  EXPECT_THAT(serving(host), SizeIs(1));
}

TEST_F(Instances, go_on_without_one_in_quarantine) {
  auto plugin = several(actor());
  plugin.restart.crashes_max = 1;
  Host host = start({plugin});
  auto client = host.client<Client>().value();

  EXPECT_EQ(client.act(order({.deed = Deed::Crash})).error().code, ErrorCode::OutcomeUnknown);

  EXPECT_THAT(await_event(host, HostEventKind::Quarantined, "actor").text, HasSubstr("of one instance"));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(client.act(order({})));
  EXPECT_THAT(serving(host), SizeIs(kSeats - 1));
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_THAT(serving(host), SizeIs(kSeats));
}

TEST_F(Instances, that_are_all_in_quarantine_are_a_plugin_that_is) {
  auto plugin = several(actor(), 2);
  plugin.restart.crashes_max = 1;
  Host host = start({plugin});
  auto client = host.client<Client>().value();

  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(client.act(order({.deed = Deed::Crash})).error().code, ErrorCode::OutcomeUnknown);
  EXPECT_TRUE(await([&] {
    const auto reply = client.act(order({}));
    return !reply && reply.error().code == ErrorCode::NotServing;
  }));

  EXPECT_EQ(snapshot_of(host, "actor").state, "Quarantined");
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Instances, each_come_back_after_a_crash) {
  Host host = start({several(actor())});
  const auto before = serving(host);

  for (const auto& [seat, each] : before) send_signal(each.pid, SIGKILL);

  EXPECT_TRUE(await([&] {
    const auto now = serving(host);
    return now.size() == kSeats &&
           std::ranges::all_of(now, [&](const auto& each) { return each.second.pid != before.at(each.first).pid; });
  }));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Instances, go_over_to_more_and_to_fewer_in_one_switch) {
  auto older = several(actor(), 2), newer = several(actor_2(), 4);
  older.inbound = newer.inbound = {{256, 256}, {4u << 10, 64}};
  Host host = start({older, newer});

  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_THAT(serving(host), SizeIs(4));
  EXPECT_EQ(count_children(), 4u);
  for (int i = 0; i < 80; ++i) ASSERT_EQ(version(host), 2u);
  for (const std::uint64_t each : sent(host)) EXPECT_NEAR(static_cast<double>(each), 20, 3);

  ASSERT_TRUE(host.switch_to("actor", "1.0.0"));
  EXPECT_THAT(serving(host), SizeIs(2));
  EXPECT_EQ(count_children(), 2u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(version(host), 1u);
}

TEST_F(Instances, lose_nothing_when_they_are_switched_under_load) {
  Host host = start({several(actor(), 3), several(actor_2(), 1)});
  std::atomic<std::uint64_t> published{0};
  std::multiset<std::uint64_t> heard;
  const auto news = host.subscribe<stage::News>(
                            "actor.news", [&](const Received<stage::News>& each) { heard.insert(each->number()); })
                        .value();
  std::atomic<bool> switched{false};
  std::jthread publisher{[&] {
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    while (!switched || published < 1000) {
      if (orders.publish(order({.deed = Deed::Publish, .number = published}))) ++published;
      else std::this_thread::yield();
    }
  }};
  std::atomic<std::uint64_t> answered{0};
  std::vector<std::string> wrong;
  std::jthread caller{[&] {
    auto client = host.client<Client>().value();
    for (std::uint64_t number = 0; !switched; ++number) {
      const auto reply = client.act(order({.number = number}), {.deadline = 30s});
      if (!reply) wrong.push_back(to_string(reply.error()));
      else if ((*reply)->number() != number) wrong.push_back(fmt::format("{} for {}", (*reply)->number(), number));
      else ++answered;
    }
  }};
  std::jthread switcher{[&] {
    for (int round = 0; round < 10; ++round)
      for (const char* to : {"2.0.0", "1.0.0"})
        if (const auto status = host.switch_to("actor", to); !status) ADD_FAILURE() << to_string(status.error());
    switched = true;
  }};

  EXPECT_TRUE(poll_until(host, [&] { return switched && published >= 1000 && heard.size() >= published; }));
  switched = true;
  switcher.join();
  publisher.join();
  caller.join();
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() >= published; }));

  EXPECT_THAT(wrong, SizeIs(0));
  EXPECT_GT(answered, 0u);
  EXPECT_EQ(heard.size(), published);
  for (std::uint64_t number = 0; number < published; ++number) ASSERT_EQ(heard.count(number), 1u) << number;
}

TEST_F(Instances, stay_with_the_old_version_where_one_new_one_cannot_start) {
  Host host = start({several(actor()), several(actor_2("activate exit"))});

  const auto status = host.switch_to("actor", "2.0.0");

  ASSERT_FALSE(status);
  EXPECT_EQ(version(host), 1u);
  EXPECT_TRUE(await([&] { return count_children() == kSeats; }));
  EXPECT_THAT(serving(host), SizeIs(kSeats));
}

TEST_F(Instances, all_come_back_where_one_does_not_finish_for_a_switch) {
  auto old = several(actor());
  old.deadlines.drain = 300ms;
  old.handler_max = 1h;
  Host host = start({old, several(actor_2(), 1)});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto pid = serving(host).at(2).pid;
  send_signal(pid, SIGSTOP);
  ASSERT_TRUE(await([&] { return is_stopped(pid); }));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(orders.publish(order({})));

  const auto status = host.switch_to("actor", "2.0.0");
  send_signal(pid, SIGCONT);

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(serving(host), SizeIs(kSeats));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(version(host), 1u);
  EXPECT_TRUE(await([] { return count_children() == kSeats; }));
}

TEST_F(Instances, that_a_switch_does_away_with_finish_what_they_have) {
  auto old = several(actor());
  old.handler_max = 1h;
  Host host = start({old, several(actor_2(), 1)});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::set<std::uint64_t> heard;
  const auto news = host.subscribe<stage::News>(
                            "actor.news", [&](const Received<stage::News>& each) { heard.insert(each->number()); })
                        .value();
  const auto pid = serving(host).at(2).pid;
  send_signal(pid, SIGSTOP);
  ASSERT_TRUE(await([&] { return is_stopped(pid); }));
  for (std::uint64_t number = 0; number < 900; ++number)  // a ring of 256 for each, and what waits
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = number})));

  std::jthread waker{[&] {
    await_event(host, HostEventKind::Switched, "actor");
    send_signal(pid, SIGCONT);
  }};
  std::jthread poller{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) static_cast<void>(host.poll());
  }};
  const auto status = host.switch_to("actor", "2.0.0");
  poller.request_stop();
  poller.join();

  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 900; }));
  EXPECT_EQ(count_children(), 1u);
}

TEST_F(Instances, stop_drain_and_restart_together) {
  Host host = start({several(actor())});

  ASSERT_TRUE(host.drain("actor"));
  EXPECT_EQ(host.client<Client>().value().act(order({})).error().code, ErrorCode::NotServing);
  ASSERT_TRUE(host.enable("actor"));
  EXPECT_EQ(version(host), 1u);
  ASSERT_TRUE(host.stop("actor"));
  EXPECT_EQ(count_children(), 0u);
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_THAT(serving(host), SizeIs(kSeats));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(Instances, that_do_not_finish_hold_a_stop_no_longer_than_its_deadline) {
  auto plugin = several(actor());
  plugin.handler_max = 1h;
  Host host = start({plugin});
  auto client = host.client<Client>().value();
  std::vector<Pending<stage::Outcome>> hung;
  for (std::size_t i = 0; i < kSeats; ++i)
    hung.push_back(client.act_async(order({.deed = Deed::Hang}), {.deadline = 30s}).value());

  const auto status = host.stop("actor", 200ms);

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(count_children(), 0u);
  for (auto& each : hung) EXPECT_EQ(each.get().error().code, ErrorCode::OutcomeUnknown);
}

TEST_F(Instances, are_kept_warm_as_many_as_will_serve) {
  auto newer = several(actor_2(), 2);
  newer.warm = true;
  Host host = start({several(actor()), newer});
  EXPECT_EQ(count_children(), kSeats + 2);
  const auto started = std::ranges::count(host.events(), HostEventKind::Started, &HostEvent::kind);

  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));

  EXPECT_EQ(std::ranges::count(host.events(), HostEventKind::Started, &HostEvent::kind), started);
  EXPECT_THAT(serving(host), SizeIs(2));
  EXPECT_EQ(version(host), 2u);
  ASSERT_TRUE(host.switch_to("actor", "1.0.0"));
  EXPECT_EQ(count_children(), kSeats + 2);
}

TEST_F(Instances, are_each_given_what_a_topic_keeps) {
  auto configuration = with({several(actor())});
  route(configuration, "stage.orders").latched = 4;
  Host host = start(configuration);
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(orders.publish(order({})));

  ASSERT_TRUE(host.restart("actor"));

  EXPECT_TRUE(await([&] { return sent(host) == std::vector<std::uint64_t>{3, 3, 3}; }));
}

TEST_F(Instances, hold_no_more_chunks_together_than_there_are) {
  auto plugin = several(actor(), 2);
  plugin.inbound = {{256, 64}, {4u << 10, 4}};
  const auto host = Host::start(with({plugin}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("`inbound` has 4 chunks of 4 KiB"), HasSubstr("at least 5")));
}

TEST_F(Instances, of_what_has_a_total_order_are_refused) {
  auto configuration = with({several(actor())});
  route(configuration, "stage.orders").order = shunt::Order::Total;
  const auto host = Host::start(configuration);

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("\"stage.orders\""), HasSubstr("3 instances")));
}

}  // namespace
}  // namespace shunt::test
