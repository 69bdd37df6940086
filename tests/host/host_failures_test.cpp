/// What handlers throw or return with nobody to tell: counted, and told as events, by the plugin's own word.
#include "cast.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HostFailures : public HostTest {
 protected:
  static PluginConfiguration often_asked(PluginConfiguration plugin) {
    plugin.health_period = 10ms;
    return plugin;
  }
  static void tell(Host& host, Deed deed, int times = 1) {
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    for (int i = 0; i < times; ++i)
      ASSERT_TRUE(await([&] { return orders.publish(order({.deed = deed, .number = 7})).has_value(); }));
  }
  static bool says_failed(Host& host, std::uint64_t times) {
    return await([&] { return snapshot_of(host, "actor").says_failed == times; });
  }
};

TEST_F(HostFailures, what_the_handler_of_a_topic_throws_is_an_event_that_says_where_and_is_counted) {
  Host host = start({often_asked(actor())});

  tell(host, Deed::Throw);

  const HostEvent event = await_event(host, HostEventKind::HandlerFailed, "actor");
  EXPECT_THAT(event.text, AllOf(StartsWith("stage.orders threw: thrown on purpose"),
                                ContainsRegex("\n  at [^\n]*Actor::misbehave")));
  EXPECT_TRUE(says_failed(host, 1));
  EXPECT_EQ(snapshot_of(host, "actor").exceptions, 0u) << "those have callers";
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
}

TEST_F(HostFailures, what_it_returns_is_told_likewise) {
  Host host = start({often_asked(actor())});

  tell(host, Deed::Fail);

  EXPECT_THAT(await_event(host, HostEventKind::HandlerFailed, "actor").text, HasSubstr("7 was told to fail"));
}

TEST_F(HostFailures, a_thousand_are_a_few_events_and_all_are_counted) {
  Host host = start({often_asked(actor())});

  tell(host, Deed::Throw, 1000);

  ASSERT_TRUE(says_failed(host, 1000));
  const auto events = host.events();
  EXPECT_LE(std::ranges::count(events, HostEventKind::HandlerFailed, &HostEvent::kind), 21);
  EXPECT_TRUE(std::ranges::any_of(events, [](const HostEvent& each) {
    return each.kind == HostEventKind::HandlerFailed && each.text.find("\n  the last of ") != std::string::npos;
  }));
}

TEST_F(HostFailures, one_that_floods_the_host_with_them_is_ended_and_nobody_else_notices) {
  auto hostile = trusted(often_asked(actor()));
  hostile.config["breach"] = {std::string{"failures all the time"}};
  hostile.restart.crashes_max = 1;
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PeerBreach"), HasSubstr("told of its failures more often than it was asked")));
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
}

}  // namespace
}  // namespace shunt::test
