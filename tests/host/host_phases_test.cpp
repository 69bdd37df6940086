/// Plugins that fail, throw, exit or hang in a phase; restarts, back-off and quarantine.
#include "cast.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Phases : public HostTest {
 protected:
  static PluginConfiguration in_a_hurry(PluginConfiguration plugin) {
    plugin.deadlines = {200ms, 200ms, 200ms, 200ms, 5s, 200ms};
    plugin.restart.crashes_max = 1;
    return plugin;
  }
  static Error start_fails(const PluginConfiguration& plugin) {
    const auto host = Host::start(with({plugin}));
    return host ? Error{ErrorCode::Unknown, "it started"} : host.error();
  }
};

TEST_F(Phases, one_that_returns_an_error_is_named_with_it) {
  for (const std::string phase : {"init", "validate", "activate"}) {
    const Error error = start_fails(actor(phase + " fail"));

    EXPECT_EQ(error.code, ErrorCode::BadInput) << phase;
    EXPECT_THAT(error.message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr(phase + " was told to fail")));
  }
}

TEST_F(Phases, one_that_throws_is_named_with_what_was_thrown_and_where) {
  for (const std::string phase : {"init", "validate", "activate"}) {
    const Error error = start_fails(actor(phase + " throw"));

    EXPECT_EQ(error.code, ErrorCode::PluginFailed) << phase;
    EXPECT_THAT(error.message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr("thrown on purpose"), HasSubstr("Actor::")));
  }
}

TEST_F(Phases, a_plugin_that_exits_or_crashes_in_one_is_said_to_have_done_so) {
  for (const std::string phase : {"init", "validate", "activate"}) {
    const Error exited = start_fails(actor(phase + " exit"));
    const Error crashed = start_fails(actor(phase + " crash"));

    EXPECT_EQ(exited.code, ErrorCode::PluginExited) << phase;
    EXPECT_THAT(exited.message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr("code 3")));
    EXPECT_EQ(crashed.code, ErrorCode::PluginCrashed) << phase;
    EXPECT_THAT(crashed.message, AllOf(HasSubstr("signal 11"), HasSubstr("Actor::")));
  }
}

TEST_F(Phases, one_that_hangs_is_ended_at_its_deadline) {
  for (const std::string phase : {"init", "validate", "activate"}) {
    const Error error = start_fails(in_a_hurry(actor(phase + " hang")));

    EXPECT_EQ(error.code, ErrorCode::DeadlineExceeded) << phase;
    EXPECT_THAT(error.message,
                AllOf(HasSubstr("actor 1.0.0"), HasSubstr("in time"), HasSubstr("200 ms of deadlines." + phase)));
  }
}

TEST_F(Phases, loading_is_one_of_them) {
  const Error threw = start_fails(plugin("libhost_stumbler_throws.so"));
  const Error exited = start_fails(plugin("libhost_stumbler_exits.so"));
  const Error hung = start_fails(in_a_hurry(plugin("libhost_stumbler_hangs.so")));

  EXPECT_THAT(threw.message, HasSubstr("stumbler 1.0.0"));
  EXPECT_EQ(exited.code, ErrorCode::PluginExited);
  EXPECT_THAT(exited.message, AllOf(HasSubstr("stumbler 1.0.0"), HasSubstr("code 3")));
  EXPECT_EQ(hung.code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(hung.message, HasSubstr("stumbler 1.0.0"));
}

TEST_F(Phases, a_cleanup_that_hangs_exits_or_crashes_holds_nobody) {
  for (const std::string what : {"hang", "exit", "crash"}) {
    Host host = start({in_a_hurry(actor("cleanup " + what))});
    EXPECT_TRUE(host.stop("actor")) << what;
    EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
    EXPECT_EQ(snapshot_of(host, "actor").pid, 0);
  }
}

TEST_F(Phases, init_is_tried_three_times_with_longer_and_longer_pauses) {
  Host host = start({actor("init fail twice")});

  const HostEvent first = await_event(host, HostEventKind::PhaseFailed, "actor");
  const HostEvent second = await_event(host, HostEventKind::PhaseFailed, "actor", first.number);
  EXPECT_THAT(first.text, AllOf(HasSubstr("init was told to fail"), HasSubstr("again in 10 ms")));
  EXPECT_THAT(second.text, AllOf(HasSubstr("init was told to fail"), HasSubstr("again in 20 ms")));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 0u);
}

TEST_F(Phases, one_that_fails_and_dies_with_its_warden_is_said_to_have_done_both) {
  Host host = start({actor(), actor_2("validate fail, cleanup hang")});
  const auto before = Belongings::now().children;
  Status switched;
  {
    const std::jthread switcher{[&] { switched = host.switch_to("actor", "2.0.0"); }};
    await_event(host, HostEventKind::PhaseFailed, "actor");
    for (const int child : Belongings::now().children)
      if (!std::ranges::count(before, child)) send_signal(child, SIGKILL);
  }

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::PluginExited);
  EXPECT_THAT(switched.error().message, AllOf(HasSubstr("actor 2.0.0"), HasSubstr("died with its warden"),
                                              HasSubstr("BadInput"), HasSubstr("validate was told to fail")));
}

TEST_F(Phases, a_host_of_many_ends_all_when_one_does_not_start) {
  const auto host = Host::start(with({partner(), actor("activate fail")}));

  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("activate was told to fail"));
}

class Restarts : public HostTest {
 protected:
  static void crash(Host& host) {
    auto client = host.client<actor::Client>().value();
    EXPECT_EQ(client.act(order({.deed = Deed::Exit, .number = 3}), {.deadline = 30s}).error().code,
              ErrorCode::OutcomeUnknown);
  }
  static Result<Reply<stage::Outcome>> call(Host& host) {
    return host.client<actor::Client>().value().act(order({.number = 1}), {.deadline = 30s});
  }
};

TEST_F(Restarts, come_later_with_every_crash) {
  auto plugin = actor();
  plugin.restart = {.delay_first = 2ms, .delay_max = 6ms, .crashes_max = 10};
  Host host = start({plugin});
  std::uint64_t seen = 0;

  for (const char* delay : {"again in 2 ms", "again in 4 ms", "again in 6 ms", "again in 6 ms"}) {
    crash(host);
    const HostEvent again = await_event(host, HostEventKind::Restarting, "actor", seen);
    EXPECT_THAT(again.text, HasSubstr(delay));
    seen = again.number;
    EXPECT_TRUE(call(host)) << "it waited for the next instance";
  }
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 4u);
}

TEST_F(Restarts, end_in_quarantine_which_says_why_and_what_to_do) {
  auto plugin = actor();
  plugin.restart = {.delay_first = 1ms, .delay_max = 1ms, .crashes_max = 3};
  Host host = start({plugin, partner()});

  for (int i = 0; i < 3; ++i) crash(host);

  EXPECT_THAT(await_event(host, HostEventKind::Quarantined, "actor").text,
              AllOf(HasSubstr("code 3"), HasSubstr("shunt restart")));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Quarantined");
  const auto refused = call(host);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotServing);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("actor/act"), HasSubstr("quarantine"), HasSubstr("shunt restart")));
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({}))) << "the others serve on";

  EXPECT_TRUE(host.restart("actor"));
  EXPECT_TRUE(call(host));
}

TEST_F(Restarts, by_hand_follow_a_stop_by_hand) {
  Host host = start({actor()});
  const auto before = snapshot_of(host, "actor");

  ASSERT_TRUE(host.stop("actor"));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
  EXPECT_EQ(call(host).error().code, ErrorCode::NotServing);
  EXPECT_THAT(call(host).error().message, AllOf(HasSubstr("was stopped"), HasSubstr("shunt restart")));
  ASSERT_TRUE(host.restart("actor"));

  EXPECT_TRUE(call(host));
  EXPECT_NE(snapshot_of(host, "actor").instance, before.instance);
  EXPECT_THAT(await_event(host, HostEventKind::Stopped, "actor").text, HasSubstr("stopped"));
  for (const auto& status : {host.stop("nobody"), host.restart("nobody")}) {
    EXPECT_EQ(status.error().code, ErrorCode::NoSuchPlugin);
    EXPECT_THAT(status.error().message, HasSubstr("\"nobody\""));
  }
}

TEST_F(Restarts, of_a_plugin_killed_with_its_warden_leave_nothing_behind) {
  Host host = start({actor()});
  const auto before = pid_of(host, "actor");
  for (const int child : Belongings::now().children) send_signal(child, SIGKILL);

  await_event(host, HostEventKind::Ended, "actor");

  EXPECT_TRUE(call(host));
  EXPECT_NE(pid_of(host, "actor"), before);
}

TEST_F(Restarts, two_active_versions_of_one_plugin_cannot_be_configured) {
  auto first = actor();
  auto second = actor_2();
  first.active = second.active = true;

  const auto host = Host::start(with({first, second}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message,
              AllOf(HasSubstr("actor"), HasSubstr("1.0.0"), HasSubstr("2.0.0"), HasSubstr("active")));
}

class ConfiguredRoutes : public HostTest {};

TEST_F(ConfiguredRoutes, of_functions_that_their_plugin_does_not_have_are_refused_in_code_too) {
  auto configuration = with({actor()});
  route(configuration, "actor/atc").backlog = 1;

  const auto host = Host::start(std::move(configuration));

  ASSERT_FALSE(host);
  EXPECT_EQ(
      to_string(host.error()),
      "BadConfiguration: routes.\"actor/atc\": the plugin actor has no such function; did you mean \"actor/act\"?");
}

TEST_F(ConfiguredRoutes, of_a_function_that_only_another_plugin_calls_are_events) {
  auto configuration = with({actor()});
  configuration.routes.clear();
  route(configuration, "partner/act").backlog = 1;  // the actor calls it

  Host host = start(std::move(configuration));

  EXPECT_THAT(await_event(host, HostEventKind::RouteUndeclared, "").text,
              HasSubstr("routes.\"partner/act\" is of no configured plugin: it is for one that joins by hand"));
}

}  // namespace
}  // namespace shunt::test
