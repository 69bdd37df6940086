/// stop, drain, disable, enable and restart for a single function or topic.
#include "patient.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using News = Received<stage::News>;

class RouteStopping : public HostTest {
 protected:
  static RouteSnapshot route_of(Host& host, std::string_view name) {
    const auto snapshot = host.snapshot();
    const auto found = std::ranges::find(snapshot.routes, name, &RouteSnapshot::name);
    return found == snapshot.routes.end() ? RouteSnapshot{} : *found;
  }
  static Result<Reply<stage::Outcome>> act(Host& host, const Order& what = {}) {
    return host.client<actor::Client>().value().act(order(what), {.deadline = 30s});
  }
  static Result<Reply<stage::Outcome>> repeat(Host& host) {
    return host.client<actor::Client>().value().repeat(order({}), {.deadline = 30s});
  }
  static Result<Delivery> publish(Host& host, std::uint64_t number) {
    return host.publisher<stage::Order>("stage.orders")->publish(order({.deed = Deed::Publish, .number = number}));
  }
};

TEST_F(RouteStopping, a_disabled_function_is_refused_and_the_others_of_its_plugin_serve) {
  Host host = start({actor()});

  ASSERT_TRUE(host.disable("actor/act"));

  const auto refused = act(host);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotServing);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("\"actor/act\" is disabled"), HasSubstr("shunt enable")));
  EXPECT_TRUE(repeat(host));
  EXPECT_EQ(route_of(host, "actor/act").admission, "Disabled");
  EXPECT_EQ(route_of(host, "actor/act").turned_away, 1u);
  EXPECT_EQ(route_of(host, "actor/repeat").admission, "Open");
  EXPECT_EQ(await_event(host, HostEventKind::Disabled, "").route, "actor/act");
  ASSERT_TRUE(host.enable("actor/act"));
  EXPECT_TRUE(act(host));
  EXPECT_EQ(await_event(host, HostEventKind::Enabled, "").route, "actor/act");
}

TEST_F(RouteStopping, a_disabled_function_is_refused_to_plugins_too) {
  Host host = start({actor(), partner()});
  ASSERT_TRUE(host.disable("partner/act"));

  const auto asked = act(host, {.deed = Deed::Ask});

  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::NotServing);
  EXPECT_THAT(asked.error().message, HasSubstr("\"partner/act\" is disabled"));
  EXPECT_EQ(route_of(host, "partner/act").turned_away, 1u);
}

TEST_F(RouteStopping, a_disabled_topic_takes_nothing_from_the_host_and_drops_what_plugins_publish) {
  Host host = start({actor()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });

  ASSERT_TRUE(host.disable("actor.news"));
  ASSERT_TRUE(act(host, {.deed = Deed::Publish, .number = 1, .bytes = 1000}));
  EXPECT_TRUE(poll_until(host, [&] { return route_of(host, "actor.news").turned_away == 1; }));
  ASSERT_TRUE(host.disable("stage.orders"));
  const auto sent = publish(host, 2);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::NotServing);
  EXPECT_THAT(sent.error().message, HasSubstr("\"stage.orders\" is disabled"));

  ASSERT_TRUE(host.enable(Scope::everything())) << "which enables routes, too";
  ASSERT_TRUE(publish(host, 3));
  EXPECT_TRUE(poll_until(host, [&] { return !heard.empty(); }));
  EXPECT_THAT(heard, testing::ElementsAre(3));
  EXPECT_EQ(snapshot_of(host, "actor").lent_chunks, 0u) << "what was dropped was given back";
}

TEST_F(RouteStopping, a_disabled_route_stays_disabled_through_a_restart_and_a_switch_of_its_plugin) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.disable("actor/act"));

  ASSERT_TRUE(host.restart("actor"));
  EXPECT_EQ(act(host).error().code, ErrorCode::NotServing);
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_EQ(act(host).error().code, ErrorCode::NotServing);
  ASSERT_TRUE(host.enable("actor")) << "which was not disabled; its function was";
  EXPECT_EQ(act(host).error().code, ErrorCode::NotServing);

  EXPECT_TRUE(repeat(host));
  ASSERT_TRUE(host.enable("actor/act"));
  EXPECT_TRUE(act(host));
}

TEST_F(RouteStopping, a_drained_function_has_answered_every_call_that_it_accepted) {
  Host host = start({patient(actor())});
  Result<Reply<stage::Outcome>> accepted = error(ErrorCode::Unknown, "not answered");
  std::jthread caller;
  std::jthread drainer;
  {
    const Frozen frozen{host, "actor"};
    caller = std::jthread{[&] { accepted = act(host, {.number = 7}); }};
    ASSERT_TRUE(await([&] { return route_of(host, "actor/act").in_flight == 1; }));

    const auto late = host.drain("actor/act", 30ms);

    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
    EXPECT_THAT(late.error().message, HasSubstr("within 30 ms: calls in flight: 1"));
    EXPECT_EQ(route_of(host, "actor/act").admission, "Draining");
    drainer = std::jthread{[&] { EXPECT_TRUE(host.drain("actor/act", kPatience)); }};
    EXPECT_EQ(act(host).error().code, ErrorCode::NotServing);
  }
  drainer.join();
  EXPECT_EQ(route_of(host, "actor/act").admission, "Drained");
  caller.join();
  ASSERT_TRUE(accepted) << to_string(accepted.error());
  EXPECT_EQ((*accepted)->number(), 7u);
  EXPECT_TRUE(repeat(host));
}

TEST_F(RouteStopping, a_drained_topic_was_done_by_all_who_hear_it) {
  auto small = patient(actor());
  small.slots = 16;
  Host host = start({small, partner()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::jthread drainer;
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < 30; ++i) ASSERT_TRUE(publish(host, i));

    const auto late = host.drain("stage.orders", 30ms);

    ASSERT_FALSE(late);
    EXPECT_THAT(late.error().message, AllOf(HasSubstr("publications that wait: "), HasSubstr("actor has not done")));
    drainer = std::jthread{[&] { EXPECT_TRUE(host.drain("stage.orders", kPatience)); }};
    EXPECT_EQ(publish(host, 99).error().code, ErrorCode::NotServing);
  }
  drainer.join();

  EXPECT_EQ(route_of(host, "stage.orders").admission, "Drained");
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 30; }));
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_TRUE(act(host)) << "its plugin serves on";
}

TEST_F(RouteStopping, a_stopped_function_cuts_off_what_is_not_finished_in_time_and_its_plugin_lives) {
  Host host = start({patient(actor())});
  const auto pid = pid_of(host, "actor");
  Result<Reply<stage::Outcome>> cut = error(ErrorCode::Unknown, "not answered");
  std::jthread caller{[&] { cut = act(host, {.deed = Deed::UntilCancelled}); }};
  ASSERT_TRUE(await([&] { return route_of(host, "actor/act").in_flight == 1; }));

  const auto stopped = host.stop("actor/act", 30ms);
  caller.join();

  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(stopped.error().message, AllOf(HasSubstr("calls in flight: 1"), HasSubstr("1 calls were cut off")));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::Cancelled);
  EXPECT_THAT(cut.error().message, HasSubstr("\"actor/act\" was stopped before it answered"));
  EXPECT_TRUE(poll_until(host, [&] { return host.snapshot().in_flight == 0; })) << "it was told to cancel";
  EXPECT_TRUE(repeat(host));
  EXPECT_EQ(pid_of(host, "actor"), pid);
  EXPECT_EQ(route_of(host, "actor/act").admission, "Stopped");
  EXPECT_THAT(act(host).error().message, AllOf(HasSubstr("was stopped"), HasSubstr("shunt restart")));
  ASSERT_TRUE(host.restart("actor/act"));
  EXPECT_TRUE(act(host));
}

TEST_F(RouteStopping, a_stopped_function_fails_a_nested_call_that_is_not_finished_in_time) {
  Host host = start({patient(actor()), patient(partner())});
  Result<Reply<stage::Outcome>> cut = error(ErrorCode::Unknown, "not answered");
  std::jthread caller{[&] { cut = act(host, {.deed = Deed::Ask, .then = Deed::UntilCancelled}); }};
  ASSERT_TRUE(await([&] { return route_of(host, "partner/act").in_flight == 1; }));

  EXPECT_FALSE(host.stop("partner/act", 30ms));
  caller.join();

  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(poll_until(host, [&] { return host.snapshot().in_flight == 0; }));
  EXPECT_EQ(snapshot_of(host, "partner").state, "Active");
}

TEST_F(RouteStopping, a_stopped_topic_drops_what_still_waits_when_time_is_up) {
  auto small = patient(actor());
  small.slots = 16;
  Host host = start({small});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::uint64_t waiting = 0;
  {
    const Frozen frozen{host, "actor"};
    for (std::uint64_t i = 0; i < 30; ++i) ASSERT_TRUE(publish(host, i));
    waiting = receiver_of(host, "stage.orders", "actor").waiting;
    ASSERT_GT(waiting, 0u);

    const auto stopped = host.stop("stage.orders", 30ms);

    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message, HasSubstr(fmt::format("{} publications dropped", waiting)));
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 30 - waiting; })) << "what was in its ring it gets";
  EXPECT_EQ(receiver_of(host, "stage.orders", "actor").dropped, waiting);
  EXPECT_EQ(publish(host, 99).error().code, ErrorCode::NotServing);
  ASSERT_TRUE(host.restart("stage.orders"));
  ASSERT_TRUE(publish(host, 100));
  EXPECT_TRUE(poll_until(host, [&] { return heard.back() == 100; }));
}

TEST_F(RouteStopping, a_restart_of_a_route_that_serves_waits_for_what_went_over_it) {
  Host host = start({patient(actor())});
  Result<Reply<stage::Outcome>> accepted = error(ErrorCode::Unknown, "not answered");
  std::jthread caller;
  std::jthread restarter;
  {
    const Frozen frozen{host, "actor"};
    caller = std::jthread{[&] { accepted = act(host); }};
    ASSERT_TRUE(await([&] { return route_of(host, "actor/act").in_flight == 1; }));
    restarter = std::jthread{[&] { EXPECT_TRUE(host.restart("actor/act", kPatience)); }};
    EXPECT_TRUE(await([&] { return route_of(host, "actor/act").admission == "Stopped"; }));
  }
  caller.join();
  restarter.join();

  EXPECT_TRUE(accepted);
  EXPECT_TRUE(act(host));
  EXPECT_EQ(route_of(host, "actor/act").admission, "Open");
}

}  // namespace
}  // namespace shunt::test
