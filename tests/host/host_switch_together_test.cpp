/// Several plugins that go over to other versions in one step, which no chain of calls sees half of.
#include "cast.hpp"
#include "witness_client.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<SwitchTarget> kNew{{"actor", "2.0.0"}, {"partner", "2.0.0"}};
const std::vector<SwitchTarget> kOld{{"actor", "1.0.0"}, {"partner", "1.0.0"}};

class SwitchesTogether : public HostTest {
 protected:
  static std::vector<PluginConfiguration> both(PluginConfiguration second_actor = actor_2()) {
    return {actor(), std::move(second_actor), partner(), partner_2(), plugin("libhost_witness.so")};
  }
  /// Of actor and partner, as a chain sees them.
  static std::uint32_t version(Host& host) {
    return host.client<witness::Client>().value().look(order({}), {.deadline = 30s}).value()->version();
  }
  static std::size_t count_events(Host& host, HostEventKind kind) {
    return static_cast<std::size_t>(std::ranges::count(host.events(), kind, &HostEvent::kind));
  }
  static std::size_t count_children() { return Belongings::now().children.size(); }
};

TEST_F(SwitchesTogether, lead_every_route_of_all_to_the_new_versions) {
  Host host = start(both());
  ASSERT_EQ(version(host), 1u);

  const auto switched = host.switch_to(kNew);

  ASSERT_TRUE(switched) << to_string(switched.error());
  EXPECT_EQ(version(host), 2u);
  EXPECT_EQ(count_events(host, HostEventKind::Switched), 2u);
  EXPECT_EQ(count_children(), 3u) << "the old ones are gone";
  ASSERT_TRUE(host.switch_to(kOld));
  EXPECT_EQ(version(host), 1u);
}

TEST_F(SwitchesTogether, that_would_not_fit_one_without_the_other_are_refused) {
  Host host = start(both());

  const auto actor_alone = host.switch_to("actor", "2.0.0");
  const auto partner_alone = host.switch_to("partner", "2.0.0");

  ASSERT_FALSE(actor_alone);
  EXPECT_EQ(actor_alone.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(actor_alone.error().message, AllOf(HasSubstr("partner 1.0.0"), HasSubstr("\"actor/act\" of ^1.0"),
                                                 HasSubstr("2.0.0"), HasSubstr("in one step")));
  ASSERT_FALSE(partner_alone);
  EXPECT_EQ(partner_alone.error().code, ErrorCode::NoSuchVersion);
  EXPECT_EQ(count_events(host, HostEventKind::Started), 3u);
  EXPECT_EQ(version(host), 1u);
}

TEST_F(SwitchesTogether, of_which_one_cannot_start_leave_all_as_they_were) {
  Host host = start(both(actor_2("activate exit")));

  const auto switched = host.switch_to(kNew);

  ASSERT_FALSE(switched);
  EXPECT_THAT(switched.error().message, HasSubstr("actor 2.0.0"));
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(count_events(host, HostEventKind::Switched), 0u);
  EXPECT_TRUE(await([] { return count_children() == 3; })) << "nothing is left of the partner's, which could";
}

TEST_F(SwitchesTogether, of_which_one_does_not_finish_are_undone_for_all) {
  auto plugins = both();
  plugins[2].handler_max = 1h;
  plugins[2].deadlines.drain = 300ms;
  Host host = start(plugins);
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto actor_before = snapshot_of(host, "actor").instance, partner_before = snapshot_of(host, "partner").instance;
  {
    const Frozen frozen{host, "partner"};
    ASSERT_TRUE(orders.publish(order({})));

    const auto switched = host.switch_to(kNew);

    ASSERT_FALSE(switched);
    EXPECT_EQ(switched.error().code, ErrorCode::DeadlineExceeded);
    EXPECT_THAT(switched.error().message, AllOf(HasSubstr("partner 1.0.0"), HasSubstr("undone")));
  }
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(snapshot_of(host, "actor").instance, actor_before) << "it had finished, and did not end";
  EXPECT_EQ(snapshot_of(host, "partner").instance, partner_before);
  EXPECT_EQ(count_events(host, HostEventKind::SwitchUndone), 2u);
  EXPECT_EQ(count_children(), 3u);
  EXPECT_TRUE(host.switch_to(kNew)) << "later they can";
}

TEST_F(SwitchesTogether, of_which_one_new_version_dies_are_undone_for_all) {
  auto plugins = both();
  plugins[2].handler_max = 1h;
  Host host = start(plugins);
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  Status switched;
  {
    const Frozen frozen{host, "partner"};
    ASSERT_TRUE(orders.publish(order({})));
    std::jthread switcher{[&] { switched = host.switch_to(kNew); }};
    await_event(host, HostEventKind::Switched, "partner");
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "partner" && each.version.starts_with("2.")) send_signal(each.pid, SIGKILL);
  }

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::PluginCrashed);
  EXPECT_EQ(version(host), 1u);
  EXPECT_TRUE(host.switch_to(kNew)) << "later they can";
  EXPECT_EQ(version(host), 2u);
}

TEST_F(SwitchesTogether, leave_a_chain_that_began_before_with_the_old_versions_to_its_end) {
  auto plugins = both();
  for (PluginConfiguration& each : plugins) each.handler_max = each.deadlines.drain = 60s;  // however slow a build is
  Host host = start(plugins);
  auto client = host.client<witness::Client>().value();
  auto chain = client.look_async(order({.count = 2000}), {.deadline = 60s}).value();
  ASSERT_TRUE(poll_until(host, [&] { return snapshot_of(host, "partner").done > 10; }));
  ASSERT_FALSE(chain.ready());
  std::jthread switcher{[&] { EXPECT_TRUE(host.switch_to(kNew)); }};
  await_event(host, HostEventKind::Switched, "actor");

  auto actor = host.client<actor::Client>().value();
  EXPECT_EQ(actor.act(order({}), {.deadline = 30s}).value()->version(), 2u) << "a chain that begins now";
  const bool was_under_way = !chain.ready();

  const auto seen = chain.get();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ((*seen)->version(), 1u);
  EXPECT_TRUE(was_under_way) << "else nothing was shown";
  switcher.join();
  EXPECT_EQ(version(host), 2u);
}

TEST_F(SwitchesTogether, never_show_a_chain_one_new_and_one_old_while_threads_call) {
  Host host = start(both());
  auto client = host.client<witness::Client>().value();
  auto partner = host.client<partner::Client>().value();
  std::atomic<bool> ends = false;
  std::atomic<std::size_t> calls = 0;
  std::vector<std::string> wrong;
  std::mutex wrong_lock;
  const auto note = [&](const auto& reply) {
    ++calls;
    const std::lock_guard lock{wrong_lock};
    if (!reply && wrong.size() < 5) wrong.push_back(to_string(reply.error()));
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!ends) note(client.look(order({.count = 3}), {.deadline = 60s}));
    });
    threads.emplace_back([&] {
      while (!ends) note(partner.act(order({.deed = Deed::Ask}), {.deadline = 60s}));
    });
  }

  for (std::size_t i = 0; i < scaled(100); ++i) {
    const auto switched = host.switch_to(i % 2 == 0 ? kNew : kOld);
    ASSERT_TRUE(switched) << to_string(switched.error());
    const auto before = calls.load();
    ASSERT_TRUE(await([&] { return calls > before + 4; }));
  }
  ends = true;
  threads.clear();

  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST_F(SwitchesTogether, that_wait_for_another_take_their_turn_though_one_before_them_cannot) {
  auto slow = actor();
  slow.handler_max = 1h;
  slow.deadlines.drain = 1h;
  Host host = start({slow, actor_2(), plugin("libhost_keeper.so"), plugin("libhost_keeper-2.so"),
                     plugin("libhost_scribe.so"), plugin("libhost_scribe-2.so")});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  // Of the second version, once it is Active; 0: it is not.
  const auto newcomer = [&](std::string_view name) -> std::int64_t {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == name && each.version.starts_with("2.") && each.state == "Active") return each.pid;
    return 0;
  };
  Status kept, scribed;
  std::jthread first, second, third;
  {
    const Frozen frozen{host, "actor"};
    ASSERT_TRUE(orders.publish(order({})));
    first = std::jthread{[&] { EXPECT_TRUE(host.switch_to("actor", "2.0.0")); }};
    await_event(host, HostEventKind::Switched, "actor");
    second = std::jthread{[&] { kept = host.switch_to("keeper", "2.0.0"); }};
    ASSERT_TRUE(await([&] { return newcomer("keeper") != 0; }));
    third = std::jthread{[&] { scribed = host.switch_to("scribe", "2.0.0"); }};
    ASSERT_TRUE(await([&] { return newcomer("scribe") != 0; }));
    send_signal(newcomer("keeper"), SIGKILL);
    ASSERT_TRUE(await([&] { return newcomer("keeper") == 0; }));
    EXPECT_EQ(count_events(host, HostEventKind::Switched), 1u) << "the others wait";
  }
  first.join();
  second.join();
  third.join();

  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, ErrorCode::PluginCrashed);
  EXPECT_TRUE(scribed) << to_string(scribed.error());
}

TEST_F(SwitchesTogether, that_make_no_sense_change_nothing_and_say_so) {
  Host host = start(both());

  const auto nothing = host.switch_to(std::vector<SwitchTarget>{});
  const auto twice = host.switch_to({{"actor", "2.0.0"}, {"actor", "1.0.0"}});
  const auto unknown = host.switch_to({{"actor", "2.0.0"}, {"partner", "3.0.0"}});

  EXPECT_EQ(nothing.error().code, ErrorCode::BadInput);
  EXPECT_THAT(twice.error().message, AllOf(StartsWith("\"actor\""), HasSubstr("twice")));
  EXPECT_EQ(unknown.error().code, ErrorCode::NoSuchVersion);
  EXPECT_EQ(count_events(host, HostEventKind::Started), 3u);
}

}  // namespace
}  // namespace shunt::test
