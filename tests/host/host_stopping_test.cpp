/// stop, drain, disable and enable for a plugin.
#include "stopping.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <urcu/urcu-bp.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using News = Received<stage::News>;

/// While it lives, nothing is done that waits for readers of an earlier route table.
class LateCallbacks {
 public:
  LateCallbacks() { urcu_bp_read_lock(); }
  ~LateCallbacks() { urcu_bp_read_unlock(); }
  LateCallbacks(const LateCallbacks&) = delete;
  LateCallbacks& operator=(const LateCallbacks&) = delete;
};

// ---- A plugin

TEST_F(Stopping, a_plugin_lets_it_finish_what_it_has_and_what_waits_for_it) {
  auto small = patient(actor());
  small.slots = 16;
  Host host = start({small});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::jthread stopper;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 50);
    ASSERT_GT(receiver_of(host, "stage.orders", "actor").waiting, 0u);
    stopper = std::jthread{[&] { EXPECT_TRUE(host.stop("actor", kPatience)); }};
    await_event(host, HostEventKind::Stopped, "actor");
    const Error refused = call_fails(host);
    EXPECT_EQ(refused.code, ErrorCode::NotServing);
    EXPECT_THAT(refused.message, AllOf(HasSubstr("actor/act"), HasSubstr("was stopped"), HasSubstr("shunt restart")));
    EXPECT_EQ(host.publisher<stage::Order>("stage.orders")->publish(order({}))->waiting, 0u) << "it hears nothing new";
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 50; }));
  stopper.join();

  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_EQ(heard.size(), 50u);
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
  EXPECT_THAT(host.crashes(), testing::IsEmpty());
}

/// Long after a plugin was taken down, the host looks once more for what had been sent to it meanwhile. What was
/// accepted after a restart is not that.
TEST_F(Stopping, a_plugin_drops_nothing_that_it_accepted_since_it_was_down) {
  auto small = patient(actor());
  small.slots = 16;
  small.restart.crashes_max = 1;
  Host host = start({small, partner()});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::optional<LateCallbacks> late;
  late.emplace();
  ::kill(static_cast<pid_t>(snapshot_of(host, "actor").pid), SIGKILL);
  await_event(host, HostEventKind::Quarantined, "actor");
  ASSERT_TRUE(host.restart("actor"));
  std::jthread stopper;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 50);
    ASSERT_GT(receiver_of(host, "stage.orders", "actor").waiting, 0u);
    stopper = std::jthread{[&] { EXPECT_TRUE(host.stop("actor", kPatience)); }};
    ASSERT_TRUE(await([&] { return snapshot_of(host, "actor").state == "Draining"; }));

    late.reset();
    ASSERT_TRUE(host.disable("partner")) << "and so all that was late has been done";
  }

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 50; })) << heard.size();
}

TEST_F(Stopping, a_plugin_that_does_not_finish_in_time_says_what_was_left_and_ends_it) {
  auto small = patient(actor());
  small.slots = 16;
  Host host = start({small});
  std::optional<Frozen> frozen;
  frozen.emplace(host, "actor");
  give_work(host, 30);
  const auto waiting = receiver_of(host, "stage.orders", "actor").waiting;

  const auto stopped = host.stop("actor", 50ms);

  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(stopped.error().message,
              AllOf(HasSubstr("actor 1.0.0"), HasSubstr("within 50 ms: messages not done: "),
                    HasSubstr(fmt::format("messages that wait for it: {}", waiting)), HasSubstr("was ended")));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
  EXPECT_TRUE(Belongings::now().children.empty());
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
  frozen.reset();
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_TRUE(serves(host));
  EXPECT_GE(receiver_of(host, "stage.orders", "actor").dropped, waiting);
}

TEST_F(Stopping, a_plugin_takes_its_own_deadline_where_none_is_said) {
  auto short_lived = patient(actor());
  short_lived.deadlines.drain = 60ms;
  Host host = start({short_lived});
  const Frozen frozen{host, "actor"};
  give_work(host, 1);

  EXPECT_THAT(host.drain("actor").error().message, HasSubstr("within 60 ms (deadlines.drain): messages not done: 1"));
  EXPECT_THAT(host.stop("actor").error().message, HasSubstr("within 60 ms (deadlines.drain): messages not done: 1"));
}

TEST_F(Stopping, a_drained_plugin_stays_up_off_its_routes_until_it_is_enabled) {
  Host host = start({actor()});
  const auto pid = pid_of(host, "actor");

  ASSERT_TRUE(host.drain("actor"));

  EXPECT_EQ(snapshot_of(host, "actor").admission, "Drained");
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
  const Error refused = call_fails(host);
  EXPECT_EQ(refused.code, ErrorCode::NotServing);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("\"actor\" is drained"), HasSubstr("shunt enable")));
  EXPECT_EQ(host.publisher<stage::Order>("stage.orders")->publish(order({}))->delivered, 0u);
  ASSERT_TRUE(host.enable("actor"));
  EXPECT_TRUE(serves(host));
  EXPECT_EQ(pid_of(host, "actor"), pid);
  for (const auto kind : {HostEventKind::Draining, HostEventKind::Drained, HostEventKind::Enabled})
    EXPECT_EQ(count_events(host, kind), 1) << name(kind);
}

TEST_F(Stopping, a_drain_waits_for_what_was_accepted_and_says_what_is_left_when_it_may_wait_no_longer) {
  Host host = start({patient(actor())});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 3);

    const auto drained = host.drain("actor", 50ms);

    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().code, ErrorCode::DeadlineExceeded);
    EXPECT_THAT(drained.error().message, AllOf(HasSubstr("within 50 ms: messages not done: 3"), HasSubstr("goes on")));
    EXPECT_EQ(snapshot_of(host, "actor").admission, "Draining");
    EXPECT_THAT(await_event(host, HostEventKind::NotDrained, "actor").text, HasSubstr("messages not done: 3"));
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 3; })) << "it goes on with what it has";

  EXPECT_TRUE(host.drain("actor", kPatience)) << "again, and in time";
  EXPECT_EQ(snapshot_of(host, "actor").admission, "Drained");
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
}

TEST_F(Stopping, a_drain_ends_when_somebody_enables_the_plugin) {
  Host host = start({patient(actor())});
  Status drained;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 1);
    std::jthread drainer{[&] { drained = host.drain("actor", kPatience); }};
    ASSERT_TRUE(await_admission(host, "actor", "Draining"));

    EXPECT_TRUE(host.enable("actor"));
  }
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(serves(host));
}

TEST_F(Stopping, two_drains_at_a_time_each_wait_as_long_as_they_may) {
  Host host = start({patient(actor())});
  Status patient_one;
  std::jthread drainer;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 1);
    drainer = std::jthread{[&] { patient_one = host.drain("actor", kPatience); }};
    ASSERT_TRUE(await_admission(host, "actor", "Draining"));

    EXPECT_EQ(host.drain("actor", 20ms).error().code, ErrorCode::DeadlineExceeded);
  }
  drainer.join();

  EXPECT_TRUE(patient_one) << to_string(patient_one.error());
  EXPECT_EQ(count_events(host, HostEventKind::Draining), 1);
}

TEST_F(Stopping, two_stops_at_a_time_end_the_plugin_when_the_first_of_them_may_wait_no_longer) {
  Host host = start({patient(actor())});
  const Frozen frozen{host, "actor"};
  give_work(host, 1);
  std::jthread stopper{[&] { EXPECT_TRUE(host.stop("actor", 1h)) << "it did not have to cut anything off"; }};
  await_event(host, HostEventKind::Stopped, "actor");

  EXPECT_EQ(host.stop("actor", 20ms).error().code, ErrorCode::DeadlineExceeded);

  stopper.join();
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
}

TEST_F(Stopping, a_disabled_plugin_gets_nothing_new_at_once_and_goes_on_with_what_it_has) {
  Host host = start({patient(actor())});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 3);

    ASSERT_TRUE(host.disable("actor")) << "it waits for nobody";

    EXPECT_EQ(snapshot_of(host, "actor").admission, "Disabled");
    EXPECT_THAT(call_fails(host).message, AllOf(HasSubstr("\"actor\" is disabled"), HasSubstr("shunt enable")));
    EXPECT_EQ(host.publisher<stage::Order>("stage.orders")->publish(order({}))->waiting, 0u);
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 3; }));
  ASSERT_TRUE(host.enable("actor"));
  EXPECT_TRUE(serves(host));
}

TEST_F(Stopping, a_disabled_plugin_stays_disabled_through_a_crash_a_restart_and_a_switch) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.disable("actor"));
  const auto is_disabled = [&] {
    const auto now = snapshot_of(host, "actor");
    return now.admission == "Disabled" && now.state == "Active" && call_fails(host).code == ErrorCode::NotServing;
  };

  const auto first = pid_of(host, "actor");
  send_signal(first, SIGKILL);
  EXPECT_TRUE(await([&] {
    const auto now = snapshot_of(host, "actor");
    return now.state == "Active" && now.pid != 0 && now.pid != first;
  }));
  EXPECT_TRUE(is_disabled()) << "after a crash";
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_TRUE(is_disabled()) << "after a restart";
  ASSERT_TRUE(host.stop("actor"));
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_TRUE(is_disabled()) << "after a stop and a restart";
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_TRUE(is_disabled()) << "after a switch";
  EXPECT_THAT(snapshot_of(host, "actor").version, HasSubstr("2.0.0"));

  ASSERT_TRUE(host.enable("actor"));
  EXPECT_TRUE(serves(host));
}

TEST_F(Stopping, a_draining_plugin_that_is_killed_finishes_with_its_next_instance) {
  auto quick = patient(actor());
  quick.restart.delay_first = 1ms;
  Host host = start({quick});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  const auto pid = pid_of(host, "actor");
  std::jthread drainer;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 5);
    drainer = std::jthread{[&] { EXPECT_TRUE(host.drain("actor", kPatience)); }};
    ASSERT_TRUE(await_admission(host, "actor", "Draining"));

    send_signal(pid, SIGKILL);
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 5; }));
  drainer.join();

  EXPECT_THAT(heard, testing::ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(snapshot_of(host, "actor").admission, "Drained");
  EXPECT_NE(pid_of(host, "actor"), pid);
}

TEST_F(Stopping, what_is_so_already_changes_no_route_and_is_no_event) {
  Host host = start({actor(), partner()});
  ASSERT_TRUE(host.disable("actor"));
  const auto epoch = host.snapshot().epoch;
  const auto events = host.events().size();

  EXPECT_TRUE(host.disable("actor"));
  EXPECT_TRUE(host.enable("partner"));

  EXPECT_EQ(host.snapshot().epoch, epoch);
  EXPECT_EQ(host.events().size(), events);
  ASSERT_TRUE(host.stop("partner"));
  EXPECT_TRUE(host.stop("partner")) << "it is stopped";
  EXPECT_EQ(count_events(host, HostEventKind::Stopped), 1);
}

TEST_F(Stopping, all_routes_of_what_is_meant_change_in_one_exchange_of_the_table) {
  Host host = start({actor(), partner()});
  const auto exchanges = [&](auto&& change) {
    const auto before = host.snapshot().epoch;
    EXPECT_TRUE(change());
    return host.snapshot().epoch - before;
  };

  EXPECT_EQ(exchanges([&] { return host.disable("actor"); }), 1u);
  EXPECT_EQ(exchanges([&] { return host.enable("actor"); }), 1u);
  EXPECT_EQ(exchanges([&] { return host.disable(Scope::everything()); }), 1u);
  EXPECT_EQ(exchanges([&] { return host.enable(Scope::everything()); }), 1u);
}

// ---- What is refused

TEST_F(Stopping, what_is_being_switched_is_left_alone) {
  Host host = start({patient(actor()), actor_2(), partner_2()});
  std::jthread switcher;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 1);
    switcher = std::jthread{[&] { EXPECT_TRUE(host.switch_to("actor", "2.0.0")); }};
    await_event(host, HostEventKind::Switched, "actor");
    for (const Scope& scope : {Scope{"actor"}, Scope::everything()})
      for (const auto& refused :
           {host.stop(scope), host.restart(scope), host.drain(scope), host.disable(scope), host.enable(scope)}) {
        EXPECT_EQ(refused.error().code, ErrorCode::NotServing);
        EXPECT_THAT(refused.error().message, HasSubstr("\"actor\" is being switched"));
      }
  }
  switcher.join();
  EXPECT_EQ(snapshot_of(host, "partner").admission, "Open");
  EXPECT_TRUE(serves(host));
}

TEST_F(Stopping, a_name_that_is_not_there_is_refused_with_the_one_that_was_meant) {
  Host host = start({actor(), partner()});
  const std::pair<const char*, const char*> meant[] = {{"actr", "\"actor\"?"},
                                                       {"actor/atc", "\"actor/act\"?"},
                                                       {"stage.order", "\"stage.orders\"?"},
                                                       {"somebody", "see `shunt ls`"}};
  for (const auto& [name, hint] : meant)
    for (const auto& refused :
         {host.stop(name), host.restart(name), host.drain(name), host.disable(name), host.enable(name)}) {
      const bool is_route = std::string_view{name}.find_first_of("/.") != std::string_view::npos;
      EXPECT_EQ(refused.error().code, is_route ? ErrorCode::NoSuchRoute : ErrorCode::NoSuchPlugin) << name;
      EXPECT_THAT(refused.error().message, AllOf(HasSubstr(name), HasSubstr(hint)));
    }
}

}  // namespace
}  // namespace shunt::test
