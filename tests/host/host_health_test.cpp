/// What plugins say of their health: asked between messages, told when it changes, and followed by the routes.
#include "cast.hpp"
#include "patient_client.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class HostHealth : public HostTest {
 protected:
  static PluginConfiguration patient(std::string health = {}, const std::string& file = "libhost_patient.so") {
    auto configuration = plugin(file);
    configuration.config["health"] = {std::move(health)};
    configuration.health_period = 10ms;
    return configuration;
  }
  static HostConfiguration with_patient(PluginConfiguration patient) {
    auto configuration = with({std::move(patient)});
    route(configuration, "patient/act").wait = bus::Wait::Sleep;
    return configuration;
  }

  /// It is so from now on, and was not told in the meantime.
  static void tell(Host& host, std::string_view health) {
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    ASSERT_TRUE(orders.publish(order({.text = health})));
  }
  static bool says(Host& host, std::string_view health, std::string_view reason = {}) {
    return await([&] {
      const auto now = snapshot_of(host, "patient");
      return now.says_health == health && now.says_health_reason == reason;
    });
  }
  static Result<std::uint64_t> ask(Host& host, std::chrono::nanoseconds patience = {}) {
    auto client = host.client<patient::Client>();
    if (!client) return tl::make_unexpected(client.error());
    const auto reply = client->act(order({.patience = patience}), {.deadline = 30s});
    if (!reply) return tl::make_unexpected(reply.error());
    return (*reply)->number();
  }
};

TEST_F(HostHealth, one_that_does_not_serve_gets_no_calls_until_it_serves_again) {
  Host host = start(with_patient(patient()));
  ASSERT_TRUE(ask(host));

  tell(host, "not serving: no session");
  ASSERT_TRUE(says(host, "NotServing", "no session"));
  const auto refused = ask(host);
  tell(host, "");
  ASSERT_TRUE(says(host, "Serving"));
  const auto served = ask(host);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotServing);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("patient/act"), HasSubstr("says that it does not serve: no session")));
  EXPECT_TRUE(served);
  EXPECT_EQ(snapshot_of(host, "patient").crashes, 0u);
}

TEST_F(HostHealth, one_that_is_degraded_serves_and_is_shown) {
  Host host = start(with_patient(patient()));

  tell(host, "degraded: the feed is late");
  ASSERT_TRUE(says(host, "Degraded", "the feed is late"));

  EXPECT_TRUE(ask(host));
  EXPECT_EQ(await_event(host, HostEventKind::HealthChanged, "patient").text, "Degraded: the feed is late");
}

TEST_F(HostHealth, one_that_does_not_serve_hears_what_is_published) {
  Host host = start(with_patient(patient("not serving")));
  std::uint64_t heard = 0;
  const auto news =
      host.subscribe<stage::News>("patient.news", [&](Received<stage::News>& each) { heard = each->number(); });
  ASSERT_TRUE(says(host, "NotServing"));
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({.number = 7, .text = "not serving"})));

  EXPECT_TRUE(poll_until(host, [&] { return heard == 7; }));
}

TEST_F(HostHealth, what_it_says_at_the_end_of_activate_counts_before_the_first_call) {
  Host host = start(with_patient(patient("not serving: warming up")));

  const auto refused = ask(host);

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("warming up"));
}

TEST_F(HostHealth, one_whose_health_throws_does_not_serve) {
  Host host = start(with_patient(patient()));

  tell(host, "throw");

  ASSERT_TRUE(await([&] { return snapshot_of(host, "patient").says_health == "NotServing"; }));
  EXPECT_THAT(snapshot_of(host, "patient").says_health_reason, HasSubstr("thrown on purpose"));
  EXPECT_EQ(snapshot_of(host, "patient").state, "Active");
}

TEST_F(HostHealth, one_whose_health_does_not_come_back_is_ended_though_nobody_sends_it_anything) {
  auto hanging = patient();
  hanging.handler_max = 50ms;
  hanging.restart.crashes_max = 1;
  Host host = start(with_patient(hanging));

  tell(host, "hang");

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "patient").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("health() has not come back")));
}

TEST_F(HostHealth, it_is_asked_while_calls_keep_it_busy_and_never_within_a_handler) {
  Host host = start(with_patient(patient()));
  const auto before = ask(host);
  ASSERT_TRUE(before);

  const bool asked_again = await([&] {
    const auto now = ask(host, 20ms);
    return now && *now > *before + 3;
  });

  EXPECT_TRUE(asked_again);
  EXPECT_EQ(snapshot_of(host, "patient").says_health, "Serving");
}

TEST_F(HostHealth, a_version_that_does_not_serve_does_not_take_over) {
  auto configuration = with({patient(), patient("not serving: no license", "libhost_patient-2.so")});
  configuration.plugins.front().active = true;
  Host host = start(std::move(configuration));

  const auto switched = host.switch_to("patient", "2.0.0");

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::NotServing);
  EXPECT_THAT(switched.error().message, HasSubstr("no license"));
  EXPECT_TRUE(ask(host));
  EXPECT_EQ(snapshot_of(host, "patient").version.substr(0, 5), "1.0.0");
}

TEST_F(HostHealth, one_that_changes_each_time_it_is_asked_costs_few_tables_and_few_events) {
  Host host = start(with_patient(patient("alternate")));
  const auto epoch = host.snapshot().epoch;
  const auto began = std::chrono::steady_clock::now();
  const auto changes = [&] {
    return std::ranges::count(host.events(), HostEventKind::HealthChanged, &HostEvent::kind);
  };

  ASSERT_TRUE(await([&] { return host.snapshot().epoch >= epoch + 3; }));
  const auto tables = host.snapshot().epoch - epoch;
  const auto tenths = (std::chrono::steady_clock::now() - began) / 100ms;

  EXPECT_LE(tables, static_cast<std::uint64_t>(tenths) + 2);
  EXPECT_LE(changes(), 21);
}

TEST_F(HostHealth, one_that_floods_the_host_with_its_health_is_ended_and_nobody_else_notices) {
  auto hostile = trusted(patient());
  hostile.config["breach"] = {std::string{"health all the time"}};
  hostile.restart.crashes_max = 1;
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "patient").text,
              AllOf(HasSubstr("PeerBreach"), HasSubstr("more often than it was asked")));
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
}

TEST_F(HostHealth, a_health_that_is_none_is_a_breach) {
  auto hostile = trusted(patient());
  hostile.config["breach"] = {std::string{"a health that is none"}};
  hostile.restart.crashes_max = 1;
  auto configuration = with({hostile});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "patient").text, HasSubstr("PeerBreach"));
}

TEST_F(HostHealth, a_new_instance_is_healthy_until_it_says_otherwise) {
  Host host = start(with_patient(patient()));
  tell(host, "not serving: confused");
  ASSERT_TRUE(says(host, "NotServing", "confused"));

  ASSERT_TRUE(host.restart("patient"));

  EXPECT_TRUE(ask(host));
}

}  // namespace
}  // namespace shunt::test
