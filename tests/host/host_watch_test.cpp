/// A plugin that is stuck is found out and ended; one that only works for long is left alone.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class Watch : public HostTest {
 protected:
  static bool has_ended(Host& host) {
    return std::ranges::any_of(host.events(), [](const auto& each) { return each.kind == HostEventKind::Ended; });
  }
};

TEST_F(Watch, a_short_deadline_does_not_end_the_long_call_of_somebody_else) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::string first;
  {
    const std::jthread slow(
        [&] { first = to_string(client.act(order({.deed = Deed::UntilCancelled}), {.deadline = 2s}).error()); });
    ASSERT_TRUE(await([&] { return snapshot_of(host, "actor").sent == 1; }));

    EXPECT_EQ(client.act(order({}), {.deadline = 5ms}).error().code, ErrorCode::DeadlineExceeded);
  }

  EXPECT_THAT(first, AnyOf(HasSubstr("DeadlineExceeded"), HasSubstr("Cancelled")));
  EXPECT_FALSE(has_ended(host));
  EXPECT_TRUE(client.act(order({}), {.deadline = 30s}));
}

TEST_F(Watch, a_publication_that_hangs_its_handler_is_noticed_although_nobody_fills_the_ring) {
  auto plugin = actor();
  plugin.handler_max = 100ms;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({.deed = Deed::Hang})));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("handler_max")));
}

TEST_F(Watch, a_nested_call_that_hangs_ends_the_called_plugin_and_not_the_caller) {
  Host host = start({actor(), partner()});
  auto client = host.client<partner::Client>().value();

  const auto asked = client.act(order({.deed = Deed::Ask, .then = Deed::Hang, .patience = 50ms}), {.deadline = 30s});

  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("past the deadline of a call"));
  EXPECT_TRUE(client.act(order({}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "partner").crashes, 0u);
}

TEST_F(Watch, a_consumer_at_its_cap_that_returns_every_chunk_is_not_stuck) {
  constexpr auto kHoldMax = 100ms;
  auto plugin = actor();
  plugin.inbound = {{256, 64}, {64u << 10, 2}};
  plugin.hold_max = kHoldMax;
  auto configuration = with({plugin});
  route(configuration, "stage.orders").slow_consumer = SlowConsumer::DropOldest;
  Host host = start(std::move(configuration));
  std::uint64_t handled = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++handled; });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(30'000, 't');
  const auto until = Clock::now() + 10 * kHoldMax;

  ASSERT_TRUE(poll_until(host, [&] {
    for (int i = 0; i < 100; ++i)
      static_cast<void>(orders.publish(order({.deed = Deed::Publish, .text = text, .count = 10})));
    return has_ended(host) || (handled > 0 && Clock::now() > until);
  }));

  EXPECT_FALSE(has_ended(host));
}

TEST_F(Watch, a_consumer_at_its_cap_that_returns_nothing_is_stuck) {
  auto plugin = actor();
  plugin.inbound = {{256, 64}, {64u << 10, 2}};
  plugin.hold_max = 100ms;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(30'000, 't');
  const Frozen frozen{host, "actor"};

  ASSERT_TRUE(await([&] {
    static_cast<void>(orders.publish(order({.text = text})));
    return has_ended(host);
  }));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("hold_max"));
}

}  // namespace
}  // namespace shunt::test
