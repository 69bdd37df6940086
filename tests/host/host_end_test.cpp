/// The end of a host: what its plugins have is finished first, and nobody holds it up.
#include "cast.hpp"

#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using News = Received<stage::News>;

class TheEndOfAHost : public HostTest {
 protected:
  static PluginConfiguration patient(PluginConfiguration plugin) {
    plugin.handler_max = 1h;
    plugin.grace = 1h;
    plugin.deadlines.drain = kPatience;
    return plugin;
  }
  static bool await_state(Host& host, std::string_view plugin, std::string_view state) {
    return await([&] { return snapshot_of(host, plugin).state == state; });
  }
};

TEST_F(TheEndOfAHost, waits_for_handlers_that_run_and_for_what_they_lead_to) {
  Host host = start({patient(actor()), patient(partner())});
  Result<Reply<stage::Outcome>> asked = error(ErrorCode::Unknown, "not answered");
  std::vector<std::uint64_t> passed_on;
  const auto subscription =
      host.subscribe<stage::News>("partner.news", [&](News& news) { passed_on.push_back(news->number()); });
  std::jthread caller;
  std::jthread stopper;
  {
    const Frozen frozen{host, "actor"};
    caller = std::jthread{[&] {
      auto client = host.client<actor::Client>().value();
      asked = client.act(order({.deed = Deed::Ask, .number = 7}), {.deadline = 30s});
    }};
    ASSERT_TRUE(await([&] { return host.snapshot().in_flight == 1; }));
    ASSERT_TRUE(host.publisher<stage::Order>("stage.orders")->publish(order({.deed = Deed::Publish, .number = 9})));
    stopper = std::jthread{[&] { EXPECT_TRUE(host.stop()); }};
    ASSERT_TRUE(await_state(host, "actor", "Draining"));
  }
  EXPECT_TRUE(poll_until(host, [&] { return passed_on.size() == 2; })) << "heard itself, and passed on from the actor";
  stopper.join();
  caller.join();

  ASSERT_TRUE(asked) << to_string(asked.error());
  EXPECT_EQ((*asked)->number(), 7u);
  EXPECT_THAT(host.crashes(), testing::IsEmpty());
}

TEST_F(TheEndOfAHost, waits_no_longer_than_the_deadline_of_the_drain_and_says_that_it_was_that) {
  auto hanging = patient(actor());
  hanging.deadlines.drain = 100ms;
  hanging.deadlines.cleanup = 1h;
  Host host = start({hanging, partner()});
  std::jthread caller{[&] {
    auto client = host.client<actor::Client>().value();
    EXPECT_EQ(client.act(order({.deed = Deed::Hang}), {.deadline = 60s}).error().code, ErrorCode::OutcomeUnknown);
  }};
  ASSERT_TRUE(await([&] { return host.snapshot().in_flight == 1; }));

  EXPECT_TRUE(host.stop());
  caller.join();

  EXPECT_THAT(
      await_event(host, HostEventKind::Ended, "actor").text,
      AllOf(HasSubstr("did not finish what it had within 100 ms (deadlines.drain)"), Not(HasSubstr("cleanup"))));
  EXPECT_EQ(await_event(host, HostEventKind::Ended, "partner").crash, nullptr) << "that one had nothing left";
}

TEST_F(TheEndOfAHost, does_not_wait_for_a_subscription_of_its_own_that_nobody_polls) {
  auto configuration = with({patient(actor())});
  route(configuration, "actor.news").backlog = 1;  // and what finds it full is refused
  Host host = start(std::move(configuration));
  const auto subscription = host.subscribe<stage::News>("actor.news", [](News&) {});
  auto client = host.client<actor::Client>().value();
  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .count = 5}), {.deadline = 30s}));

  EXPECT_TRUE(host.stop());

  EXPECT_EQ(await_event(host, HostEventKind::Ended, "actor").crash, nullptr) << "it ended in time";
}

TEST_F(TheEndOfAHost, at_once_kills_what_another_thread_waits_for) {
  auto slow = patient(actor());
  slow.deadlines.drain = 1h;
  Host host = start({slow, partner()});
  const Frozen frozen{host, "actor"};
  ASSERT_TRUE(host.publisher<stage::Order>("stage.orders")->publish(order({})));
  std::jthread stopper{[&] { EXPECT_TRUE(host.stop()); }};
  ASSERT_TRUE(await_state(host, "actor", "Draining"));

  EXPECT_TRUE(host.end_now());

  stopper.join();
  EXPECT_TRUE(Belongings::now().children.empty());
  EXPECT_EQ(await_event(host, HostEventKind::Ended, "actor").crash, nullptr) << "it is not to blame";
}

TEST_F(TheEndOfAHost, at_once_kills_plugins_in_any_phase) {
  auto slow = actor("cleanup hang");
  slow.deadlines.cleanup = 1h;
  Host host = start({slow, partner()});
  std::jthread stopper{[&] { EXPECT_TRUE(host.stop()); }};
  ASSERT_TRUE(await_state(host, "actor", "Cleaning"));

  EXPECT_TRUE(host.end_now());
  EXPECT_TRUE(host.end_now()) << "there is nothing left";
}

TEST_F(TheEndOfAHost, during_a_switch_that_does_not_finish_ends_both_versions) {
  auto slow = patient(actor());
  slow.deadlines.drain = 300ms;
  Host host = start({slow, actor_2()});
  const Frozen frozen{host, "actor"};
  ASSERT_TRUE(host.publisher<stage::Order>("stage.orders")->publish(order({})));
  std::jthread switcher{[&] { EXPECT_FALSE(host.switch_to("actor", "2.0.0")); }};
  await_event(host, HostEventKind::Switched, "actor");

  EXPECT_TRUE(host.stop());

  switcher.join();
  EXPECT_TRUE(Belongings::now().children.empty());
}

TEST_F(TheEndOfAHost, that_still_starts_can_be_asked_for_at_once) {
  auto slow = actor("init hang");
  slow.deadlines.init = 1h;
  slow.deadlines.cleanup = 1h;
  auto configuration = with({partner(), slow});
  std::stop_source stop;
  std::stop_source at_once;
  std::jthread impatient{[&] {
    EXPECT_TRUE(await([] { return Belongings::now().children.size() >= 2; })) << "both were started";
    stop.request_stop();
    at_once.request_stop();
  }};

  const auto host = Host::start(std::move(configuration), stop.get_token(), at_once.get_token());

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::Stopped);
}

}  // namespace
}  // namespace shunt::test
