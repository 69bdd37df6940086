/// Versions that are kept up while another one serves.
#include "cast.hpp"

#include <algorithm>
#include <csignal>
#include <optional>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

PluginConfiguration warm(PluginConfiguration plugin) {
  plugin.warm = true;
  return plugin;
}

class WarmVersions : public HostTest {
 protected:
  static std::uint32_t version(Host& host) {
    return host.client<actor::Client>().value().act(order({}), {.deadline = 30s}).value()->version();
  }
  /// Of the version, by its first numbers; none: it does not run.
  static std::optional<PluginSnapshot> of_version(Host& host, std::string_view version) {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "actor" && each.version.starts_with(version) && each.pid != 0) return each;
    return std::nullopt;
  }
  static std::ptrdiff_t count_events(Host& host, HostEventKind kind) {
    return std::ranges::count(host.events(), kind, &HostEvent::kind);
  }
  static bool is_warm(Host& host, std::string_view version) {
    const auto found = of_version(host, version);
    return found && found->warm && found->state == "Active";
  }
};

TEST_F(WarmVersions, are_up_when_the_host_has_started_and_get_nothing) {
  Host host = start({actor(), warm(actor_2())});

  EXPECT_TRUE(is_warm(host, "2.0.0"));
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(of_version(host, "2.0.0")->sent, 0u);
  EXPECT_FALSE(of_version(host, "1.0.0")->warm);
  EXPECT_EQ(count_events(host, HostEventKind::Warm), 1);
}

TEST_F(WarmVersions, take_over_without_a_start_and_back) {
  Host host = start({warm(actor()), warm(actor_2())});
  const auto first = of_version(host, "1.0.0")->pid, second = of_version(host, "2.0.0")->pid;

  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
    EXPECT_EQ(version(host), 2u);
    EXPECT_TRUE(is_warm(host, "1.0.0"));
    ASSERT_TRUE(host.switch_to("actor", "1.0.0"));
    EXPECT_EQ(version(host), 1u);
    EXPECT_TRUE(is_warm(host, "2.0.0"));
  }

  EXPECT_EQ(of_version(host, "1.0.0")->pid, first);
  EXPECT_EQ(of_version(host, "2.0.0")->pid, second);
  EXPECT_EQ(count_events(host, HostEventKind::Started), 2);
}

TEST_F(WarmVersions, let_the_one_end_that_they_take_over_from_where_it_is_not_to_be_warm) {
  Host host = start({actor(), warm(actor_2())});

  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));

  EXPECT_FALSE(of_version(host, "1.0.0"));
  EXPECT_FALSE(of_version(host, "2.0.0")->warm) << "it serves";
  ASSERT_TRUE(host.switch_to("actor", "1.0.0")) << "which is started for that";
  EXPECT_TRUE(is_warm(host, "2.0.0"));
}

TEST_F(WarmVersions, that_crash_are_started_anew_and_nobody_hears_of_it) {
  Host host = start({actor(), warm(actor_2())});
  const auto pid = of_version(host, "2.0.0")->pid;

  send_signal(pid, SIGKILL);

  EXPECT_TRUE(await([&] { return is_warm(host, "2.0.0") && of_version(host, "2.0.0")->pid != pid; }));
  EXPECT_EQ(version(host), 1u);
  EXPECT_EQ(count_events(host, HostEventKind::Switched), 0);
}

TEST_F(WarmVersions, that_crash_too_often_stay_down_until_a_restart) {
  auto fragile = warm(actor_2());
  fragile.restart.crashes_max = 1;
  Host host = start({actor(), fragile});

  send_signal(of_version(host, "2.0.0")->pid, SIGKILL);

  EXPECT_THAT(await_event(host, HostEventKind::Quarantined, "actor").text, HasSubstr("while it was warm"));
  EXPECT_EQ(version(host), 1u);
  EXPECT_FALSE(of_version(host, "2.0.0"));
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_TRUE(await([&] { return is_warm(host, "2.0.0"); }));
}

TEST_F(WarmVersions, end_with_their_plugin_and_their_host) {
  Host host = start({actor(), warm(actor_2())});

  ASSERT_TRUE(host.stop("actor"));

  EXPECT_TRUE(Belongings::now().children.empty());
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_TRUE(await([&] { return is_warm(host, "2.0.0"); }));
}

TEST_F(WarmVersions, that_cannot_start_keep_the_host_from_starting) {
  const auto host = Host::start(with({actor(), warm(actor_2("validate fail"))}));

  ASSERT_FALSE(host);
  EXPECT_THAT(host.error().message, HasSubstr("actor"));
}

TEST_F(WarmVersions, that_die_while_they_take_over_leave_the_old_one_serving) {
  Host host = start({warm(actor()), warm(actor_2())});
  send_signal(of_version(host, "2.0.0")->pid, SIGSTOP);
  const auto pid = of_version(host, "2.0.0")->pid;

  std::jthread killer{[&] {
    await_event(host, HostEventKind::Switched, "actor");
    send_signal(pid, SIGKILL);
  }};
  static_cast<void>(host.switch_to("actor", "2.0.0"));
  killer.join();

  EXPECT_TRUE(await([&] { return of_version(host, "2.0.0") && of_version(host, "2.0.0")->pid != pid; }));
  EXPECT_TRUE(host.switch_to("actor", "1.0.0"));
  EXPECT_EQ(version(host), 1u);
}

}  // namespace
}  // namespace shunt::test
