/// Who holds what: of an instance's own pool, of the host's, and of what may be in flight and wait.
#include "cast.hpp"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using News = Received<stage::News>;

constexpr std::uint32_t kLarge = 20'000;

InstanceQuotas quotas_of(Host& host, std::string_view plugin) {
  return host.quotas(snapshot_of(host, plugin).instance).value();
}
RouteQuota route_to(Host& host, std::string_view plugin, std::string_view route) {
  const auto routes = quotas_of(host, plugin).routes;
  const auto found = std::ranges::find(routes, route, &RouteQuota::route);
  return found == routes.end() ? RouteQuota{} : *found;
}
RouteSnapshot snapshot_of_route(Host& host, std::string_view route) {
  const auto snapshot = host.snapshot();
  return *std::ranges::find(snapshot.routes, route, &RouteSnapshot::name);
}
bool adds_up(const OutboundQuota& quota) { return quota.host + quota.readers + quota.plugin == quota.chunks; }

class WhoHolds : public HostTest {
 protected:
  /// An actor with four large chunks, whose large payloads are read in place.
  static PluginConfiguration publisher() {
    auto plugin = trusted(actor());
    plugin.outbound = {{256, 16}, {32u << 10, 4}};
    return plugin;
  }
  /// What is frozen is not taken for stuck.
  static PluginConfiguration patient(PluginConfiguration plugin) {
    plugin.handler_max = plugin.hold_max = 1h;
    return plugin;
  }
  static Result<Reply<stage::Outcome>> tell(Host& host, std::uint32_t count) {
    return host.client<actor::Client>().value().act(order({.deed = Deed::Publish, .bytes = kLarge, .count = count}),
                                                    {.deadline = 30s});
  }
};

TEST_F(WhoHolds, an_outbound_pool_that_readers_keep_refuses_one_more_loan_at_its_plugin_and_nowhere_else) {
  Host host = start({publisher(), partner(0)});
  std::vector<News::Kept> kept;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { kept.push_back(std::move(news).keep()); });
  ASSERT_TRUE(tell(host, 4));
  ASSERT_TRUE(poll_until(host, [&] { return kept.size() == 4; }));

  const auto one_more = tell(host, 1);

  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::QuotaExceeded);
  const OutboundQuota large = quotas_of(host, "actor").outbound.at(1);
  EXPECT_EQ(large.bytes, 32u << 10);
  EXPECT_EQ(large.chunks, 4u);
  EXPECT_EQ(large.readers, 4u);
  EXPECT_TRUE(adds_up(large));
  EXPECT_GE(large.says.refused, 1u);
  EXPECT_EQ(large.says.loaned, 0u);
  EXPECT_EQ(snapshot_of(host, "actor").lent_chunks, 4u);
  EXPECT_GE(snapshot_of(host, "actor").says_refused, 1u);
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({.bytes = kLarge}), {.deadline = 30s}));
  EXPECT_EQ(snapshot_of(host, "partner").says_refused, 0u) << "nobody else notices";
  kept.clear();
  EXPECT_EQ(quotas_of(host, "actor").outbound.at(1).readers, 0u);
  EXPECT_TRUE(tell(host, 1));
}

TEST_F(WhoHolds, a_publication_that_a_receiver_refuses_for_now_is_held_by_the_host) {
  auto configuration = with({publisher()});
  route(configuration, "actor.news").backlog = 1;
  Host host = start(std::move(configuration));
  std::size_t heard = 0;
  const auto subscription = host.subscribe<stage::News>("actor.news", [&](News&) { ++heard; });
  ASSERT_TRUE(tell(host, 3));

  const auto large = [&] { return quotas_of(host, "actor").outbound.at(1); };

  // One waits in the subscription, one in its slot, one behind it. An answer overtakes them: the next call takes more.
  EXPECT_TRUE(await([&] {
    static_cast<void>(host.client<actor::Client>().value().act(order({}), {.deadline = 30s}));
    return large().host == 1 && large().readers == 1;
  }));
  EXPECT_EQ(large().plugin, 2u);
  EXPECT_TRUE(adds_up(large()));
  EXPECT_TRUE(poll_until(host, [&] { return heard == 3 && large().plugin == 4; }));
}

TEST_F(WhoHolds, what_a_plugin_holds_of_the_inbound_pool_stands_beside_its_cap_and_who_came_when_it_was_full) {
  constexpr std::uint32_t kCap = 16;  // half of what the reserve leaves
  auto plugin = patient(actor());
  plugin.inbound = {{256, 16}, {64u << 10, 36}};
  auto configuration = with({plugin});
  route(configuration, "stage.orders").backlog = 0;
  Host host = start(std::move(configuration));
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(kLarge, 't');
  const auto large = [&] { return quotas_of(host, "actor").inbound.at(1); };
  {
    const Frozen frozen{host, "actor"};
    while (orders.publish(order({.text = text}))) {
    }

    const InboundQuota full = large();

    EXPECT_EQ(full.bytes, 64u << 10);
    EXPECT_EQ(full.chunks, 36u);
    EXPECT_EQ(full.cap, kCap);
    EXPECT_EQ(full.held, kCap - kCap / 8) << "publications leave the rest to requests";
    EXPECT_EQ(full.in_use, full.held + 1) << "one waits: that it does is known after it was accepted";
    EXPECT_EQ(full.over_cap, 1u);
    EXPECT_EQ(snapshot_of(host, "actor").over_cap, 1u);
    const RouteQuota waiting = route_to(host, "actor", "stage.orders");
    EXPECT_FALSE(waiting.function);
    EXPECT_EQ(waiting.waiting, 1u);
    EXPECT_EQ(waiting.backlog, 0u);
    EXPECT_EQ(waiting.refused, 1u);
  }
  EXPECT_TRUE(poll_until(host, [&] { return large().held == 0 && large().in_use == 0; }));
  EXPECT_EQ(large().over_cap, 1u) << "it is counted for good";
}

TEST_F(WhoHolds, messages_for_which_no_chunk_was_left_are_counted_at_the_pool) {
  auto plugin = patient(actor());
  plugin.inbound = {{256, 16}, {32u << 10, 2}};
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(kLarge, 't');
  Error refused;
  {
    const Frozen frozen{host, "actor"};
    for (auto sent = orders.publish(order({.text = text})); sent; sent = orders.publish(order({.text = text}))) {
    }
    refused = orders.publish(order({.text = text})).error();
  }

  EXPECT_EQ(refused.code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(refused.message, HasSubstr("all 2 chunks of 32768 bytes"));
  EXPECT_GE(quotas_of(host, "actor").inbound.at(1).no_chunk, 2u);
  EXPECT_EQ(quotas_of(host, "actor").inbound.at(0).no_chunk, 0u);
  const auto pools = host.snapshot().pools;
  const auto pool = std::ranges::find(pools, "actor", &PoolSnapshot::compartment);
  ASSERT_NE(pool, pools.end());
  EXPECT_EQ(pool->chunks, 18u);
  EXPECT_GE(pool->no_chunk, 2u);
}

TEST_F(WhoHolds, calls_beyond_a_routes_most_are_refused_at_the_one_who_calls_and_counted) {
  auto configuration = with({actor(), patient(partner(0))});
  route(configuration, "partner/act").in_flight_max = 1;
  Host host = start(std::move(configuration));
  auto partner = host.client<partner::Client>().value();
  const Frozen frozen{host, "partner"};
  EXPECT_EQ(partner.act(order({}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);

  const auto by_host = partner.act(order({}), {.deadline = 30s});
  const auto by_plugin = host.client<actor::Client>().value().act(order({.deed = Deed::Ask}), {.deadline = 30s});

  for (const Error& error : {by_host.error(), by_plugin.error()}) {
    EXPECT_EQ(error.code, ErrorCode::QuotaExceeded);
    EXPECT_THAT(error.message, AllOf(HasSubstr("\"partner/act\" has 1 calls in flight"), HasSubstr("1 may be")));
  }
  const RouteQuota quota = route_to(host, "partner", "partner/act");
  EXPECT_EQ(quota.in_flight, 1u);
  EXPECT_EQ(quota.in_flight_max, 1u);
  EXPECT_EQ(quota.in_flight_refused, 2u);
  EXPECT_EQ(quota.abandoned, 1u) << "nobody waits for it, and it counts until it is answered";
  const RouteSnapshot route = snapshot_of_route(host, "partner/act");
  EXPECT_EQ(route.in_flight, 1u);
  EXPECT_EQ(route.in_flight_max, 1u);
  EXPECT_EQ(route.in_flight_refused, 2u);
  EXPECT_EQ(route_to(host, "actor", "actor/act").in_flight_refused, 0u);
}

TEST_F(WhoHolds, calls_in_flight_are_told_apart_by_who_waits_for_them) {
  Host host = start({actor(), patient(partner(0))});
  auto partner = host.client<partner::Client>().value();
  auto actor = host.client<actor::Client>().value();
  std::vector<std::jthread> callers;
  {
    const Frozen frozen{host, "partner"};
    EXPECT_EQ(partner.act(order({}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);
    callers.emplace_back([&] { EXPECT_TRUE(partner.act(order({}), {.deadline = 30s})); });
    callers.emplace_back([&] { EXPECT_TRUE(actor.act(order({.deed = Deed::Ask}), {.deadline = 30s})); });

    EXPECT_TRUE(await([&] {
      const RouteQuota quota = route_to(host, "partner", "partner/act");
      return quota.in_flight == 3 && quota.host == 1 && quota.plugins == 1 && quota.abandoned == 1;
    }));
    const auto calls = quotas_of(host, "actor").calls;
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].route, "partner/act");
    EXPECT_EQ(calls[0].in_flight, 1u);
  }
  callers.clear();
  EXPECT_TRUE(poll_until(host, [&] { return route_to(host, "partner", "partner/act").in_flight == 0; }));
}

TEST_F(WhoHolds, answers_beyond_what_a_plugin_may_hold_become_an_error_for_it_and_nobody_else) {
  constexpr std::uint32_t kCap = 16;   // half of what the reserve leaves
  constexpr std::uint32_t kMost = 20;  // answers may be four more
  auto keeper = patient(actor());
  keeper.inbound = {{256, 16}, {64u << 10, 36}};
  Host host = start({keeper, partner(0)});
  auto actor = host.client<actor::Client>().value();
  const auto hoard = [&] {
    return actor.act(order({.deed = Deed::Hoard, .bytes = kLarge, .patience = 30s}), {.deadline = 30s});
  };
  for (std::uint32_t held = 0; held < kMost; ++held) ASSERT_TRUE(hoard()) << held;

  const auto one_more = hoard();

  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(one_more.error().message, HasSubstr("the plugin holds as many answers as it may"));
  const auto large = [&] { return quotas_of(host, "actor").inbound.at(1); };
  EXPECT_EQ(large().cap, kCap);
  EXPECT_EQ(large().held, kMost);
  EXPECT_EQ(large().in_use, kMost) << "the answer that it did not get is free again";
  EXPECT_EQ(large().over_cap, 1u);
  EXPECT_EQ(snapshot_of(host, "actor").over_cap, 1u);
  EXPECT_EQ(snapshot_of(host, "partner").over_cap, 0u);
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({.bytes = kLarge}), {.deadline = 30s}));
  EXPECT_TRUE(actor.act(order({.deed = Deed::LetGo}), {.deadline = 30s}));
  EXPECT_TRUE(hoard()) << "what it gave back makes room";
}

TEST_F(WhoHolds, what_a_plugin_says_of_its_pool_changes_nothing_in_the_hosts_books) {
  auto hostile = actor();
  hostile.config["breach"] = {std::string{"a false word about its pool"}};
  auto configuration = with({hostile});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  EXPECT_TRUE(await([&] { return quotas_of(host, "actor").outbound.back().says.refused == ~0u; }));

  for (const OutboundQuota& each : quotas_of(host, "actor").outbound) {
    EXPECT_EQ(each.says.loaned, ~0u);
    EXPECT_EQ(each.plugin, each.chunks);
    EXPECT_TRUE(adds_up(each));
  }
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active") << "its own word is no breach";
}

TEST_F(WhoHolds, an_instance_that_does_not_run_holds_nothing) {
  Host host = start({actor()});
  const auto instance = snapshot_of(host, "actor").instance;

  ASSERT_TRUE(host.quotas(instance));
  ASSERT_TRUE(host.stop("actor"));

  for (const std::uint64_t number : {instance, std::uint64_t{0}, std::uint64_t{77}})
    EXPECT_EQ(host.quotas(number).error().code, ErrorCode::NoSuchPlugin) << number;
}

}  // namespace
}  // namespace shunt::test
