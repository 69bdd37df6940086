/// Versions of a plugin that share a route by weights.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kAct = "actor/act";
const std::string kOrders = "stage.orders";

RouteTargets shared(const std::string& route, std::uint32_t first, std::uint32_t second) {
  return {.route = route, .plugin = {}, .targets = {{"1.0.0", first}, {"2.0.0", second}}};
}

class Shares : public HostTest {
 protected:
  using Client = actor::Client;

  /// How many of so many calls each version answers.
  static std::map<std::uint32_t, int> answers(Host& host, int calls) {
    auto client = host.client<Client>().value();
    std::map<std::uint32_t, int> result;
    for (int i = 0; i < calls; ++i) ++result[client.act(order({}), {.deadline = 30s}).value()->version()];
    return result;
  }
  static std::uint32_t version_of(Host& host, std::uint64_t key) {
    return host.client<Client>().value().act(order({}), {.deadline = 30s, .key = {key}}).value()->version();
  }
  static std::optional<PluginSnapshot> of_version(Host& host, std::string_view version) {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "actor" && each.version.starts_with(version) && each.pid != 0 && each.state == "Active")
        return each;
    return std::nullopt;
  }
  static std::size_t count_children() { return Belongings::now().children.size(); }
};

TEST_F(Shares, of_calls_are_as_the_weights) {
  Host host = start({actor(), actor_2()});
  EXPECT_EQ(count_children(), 1u);

  const auto status = host.share(shared(kAct, 80, 20));

  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_EQ(count_children(), 2u);
  const auto answered = answers(host, 500);
  EXPECT_NEAR(answered.at(1), 400, 5);
  EXPECT_NEAR(answered.at(2), 100, 5);
  EXPECT_THAT(await_event(host, HostEventKind::SharesChanged, "actor").text, HasSubstr(" 20"));
}

TEST_F(Shares, of_publications_are_as_the_weights_and_each_is_handled_once) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kOrders, 3, 1)));
  auto orders = host.publisher<stage::Order>(kOrders).value();
  std::multiset<std::uint64_t> heard;
  std::map<std::uint32_t, int> by_version;
  const auto news = host.subscribe<stage::News>("actor.news",
                                                [&](const Received<stage::News>& each) {
                                                  heard.insert(each->number());
                                                  ++by_version[each->version()];
                                                })
                        .value();

  for (std::uint64_t number = 0; number < 400; ++number)
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = number})));

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 400; }));
  for (std::uint64_t number = 0; number < 400; ++number) EXPECT_EQ(heard.count(number), 1u) << number;
  EXPECT_NEAR(by_version[2], 100, 5);
}

TEST_F(Shares, are_those_of_one_route_and_leave_the_others) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kAct, 0, 1)));
  auto client = host.client<Client>().value();

  EXPECT_EQ(client.act(order({})).value()->version(), 2u);
  EXPECT_EQ(client.repeat(order({})).value()->version(), 1u);
}

TEST_F(Shares, change_step_by_step_and_end) {
  Host host = start({actor(), actor_2()});

  for (const std::uint32_t percent : {5u, 20u, 50u, 100u}) {
    ASSERT_TRUE(host.share(shared(kAct, 100 - percent, percent)));
    const auto answered = answers(host, 200);
    EXPECT_NEAR(answered.contains(2) ? answered.at(2) : 0, 2 * static_cast<int>(percent), 4) << percent;
  }
  const auto second = of_version(host, "2.0.0")->pid;
  EXPECT_EQ(count_children(), 2u);
  ASSERT_TRUE(host.share({.route = kAct, .plugin = {}, .targets = {}}));

  EXPECT_EQ(answers(host, 20).at(1), 20);
  EXPECT_EQ(count_children(), 1u) << "it has no share any more, and ended";
  ASSERT_TRUE(host.share(shared(kAct, 0, 1)));
  EXPECT_NE(of_version(host, "2.0.0")->pid, second);
}

TEST_F(Shares, that_grow_move_the_keys_that_must_move) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kAct, 80, 20)));
  std::set<std::uint64_t> second;
  for (std::uint64_t key = 1; key <= 200; ++key)
    if (version_of(host, key) == 2) second.insert(key);
  EXPECT_GT(second.size(), 15u);
  EXPECT_LT(second.size(), 70u);

  ASSERT_TRUE(host.share(shared(kAct, 60, 40)));

  std::size_t more = 0;
  for (std::uint64_t key = 1; key <= 200; ++key) {
    const bool is_second = version_of(host, key) == 2;
    more += is_second ? 1 : 0;
    EXPECT_TRUE(is_second || !second.contains(key)) << key << " went back";
  }
  EXPECT_GT(more, second.size());
}

TEST_F(Shares, that_are_off_get_nothing_and_their_version_is_up) {
  Host host = start({actor(), actor_2()});

  ASSERT_TRUE(host.share({.route = kAct, .plugin = {}, .targets = {{"1.0.0", 1}, {"2.0.0", 1, false}}}));

  EXPECT_EQ(answers(host, 20).at(1), 20);
  EXPECT_TRUE(of_version(host, "2.0.0"));
  const auto pid = of_version(host, "2.0.0")->pid;
  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));
  EXPECT_NEAR(answers(host, 20).at(2), 10, 3);
  EXPECT_EQ(of_version(host, "2.0.0")->pid, pid);
}

TEST_F(Shares, end_with_a_switch) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));

  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_EQ(answers(host, 20).at(2), 20);
  EXPECT_EQ(count_children(), 1u);
  ASSERT_TRUE(host.share(shared(kAct, 1, 3)));
  EXPECT_NEAR(answers(host, 40).at(1), 10, 3);
  ASSERT_TRUE(host.switch_to("actor", "2.0.0")) << "which serves already";
  EXPECT_EQ(answers(host, 20).at(2), 20);
  EXPECT_EQ(count_children(), 1u);
}

TEST_F(Shares, wait_for_their_version_while_it_is_started_again) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));

  for (int round = 0; round < 3; ++round) {
    send_signal(of_version(host, "2.0.0")->pid, SIGKILL);
    const auto answered = answers(host, 20);
    EXPECT_NEAR(answered.at(1), 10, 3);
    EXPECT_NEAR(answered.at(2), 10, 3);
  }
}

TEST_F(Shares, of_a_version_in_quarantine_go_to_the_other) {
  auto newer = actor_2();
  newer.restart.crashes_max = 1;
  Host host = start({actor(), newer});
  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));

  send_signal(of_version(host, "2.0.0")->pid, SIGKILL);
  await_event(host, HostEventKind::Quarantined, "actor");

  EXPECT_EQ(answers(host, 20).at(1), 20);
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_NEAR(answers(host, 20).at(2), 10, 3) << "a restart is of all that has a share";
}

TEST_F(Shares, are_of_all_instances_of_a_version_together) {
  auto older = actor(), newer = actor_2();
  older.instances = 3;
  newer.instances = 2;
  Host host = start({older, newer});

  ASSERT_TRUE(host.share(shared(kAct, 60, 40)));

  EXPECT_EQ(count_children(), 5u);
  const auto answered = answers(host, 500);
  EXPECT_NEAR(answered.at(1), 300, 5);
  EXPECT_NEAR(answered.at(2), 200, 5);
  for (const PluginSnapshot& each : host.snapshot().plugins)
    EXPECT_NEAR(static_cast<double>(each.sent), 100, 5) << each.version << " in seat " << each.seat;
}

TEST_F(Shares, of_calls_by_plugins_are_of_versions_that_suit_them) {
  Host host = start({actor(), partner(), partner_2()});
  ASSERT_TRUE(host.share({.route = "partner/act", .plugin = {}, .targets = {{"1.0.0", 1}, {"2.0.0", 1}}}));
  auto client = host.client<Client>().value();

  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.act(order({.deed = Deed::Ask}), {.deadline = 30s}));

  for (const PluginSnapshot& each : host.snapshot().plugins) {
    if (each.plugin != "partner") continue;
    EXPECT_EQ(each.sent, each.version.starts_with("1.0.0") ? 20u : 0u) << "the actor calls ^1.0";
  }
  const auto refused = host.share({.route = "partner/act", .plugin = {}, .targets = {{"1.0.0", 0}, {"2.0.0", 1}}});
  ASSERT_FALSE(refused) << "the actor would find nobody";
  EXPECT_EQ(refused.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr("\"partner/act\" of ^1.0")));
  EXPECT_TRUE(client.act(order({.deed = Deed::Ask}), {.deadline = 30s}));
}

TEST_F(Shares, that_change_under_load_lose_nothing) {
  Host host = start({actor(), actor_2()});
  std::atomic<std::uint64_t> published{0};
  std::multiset<std::uint64_t> heard;
  const auto news = host.subscribe<stage::News>(
                            "actor.news", [&](const Received<stage::News>& each) { heard.insert(each->number()); })
                        .value();
  std::atomic<bool> changed{false};
  std::jthread publisher{[&] {
    auto orders = host.publisher<stage::Order>(kOrders).value();
    while (!changed || published < 1000) {
      if (orders.publish(order({.deed = Deed::Publish, .number = published}))) ++published;
      else std::this_thread::yield();
    }
  }};
  std::jthread changer{[&] {
    for (int round = 0; round < 10; ++round)
      for (const std::uint32_t percent : {20u, 100u, 0u}) {
        const auto status = percent == 0 ? host.share({.route = kOrders, .plugin = {}, .targets = {}})
                                         : host.share(shared(kOrders, 100 - percent, percent));
        if (!status) ADD_FAILURE() << to_string(status.error());
      }
    changed = true;
  }};

  EXPECT_TRUE(poll_until(host, [&] { return changed && published >= 1000 && heard.size() >= published; }));
  changed = true;
  changer.join();
  publisher.join();
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() >= published; }));

  EXPECT_EQ(heard.size(), published);
  for (std::uint64_t number = 0; number < published; ++number) ASSERT_EQ(heard.count(number), 1u) << number;
}

TEST_F(Shares, come_back_where_who_loses_them_does_not_finish) {
  auto newer = actor_2();
  newer.deadlines.drain = 300ms;
  newer.handler_max = 1h;
  Host host = start({actor(), newer});
  ASSERT_TRUE(host.share(shared(kOrders, 0, 1)));
  auto orders = host.publisher<stage::Order>(kOrders).value();
  const auto pid = of_version(host, "2.0.0")->pid;
  send_signal(pid, SIGSTOP);
  ASSERT_TRUE(await([&] { return is_stopped(pid); }));
  ASSERT_TRUE(orders.publish(order({})));

  const auto status = host.share({.route = kOrders, .plugin = {}, .targets = {}});
  send_signal(pid, SIGCONT);

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(of_version(host, "2.0.0")->pid, pid);
  ASSERT_TRUE(await([&] { return of_version(host, "2.0.0")->done == 1; }));
  ASSERT_TRUE(orders.publish(order({})));
  EXPECT_TRUE(await([&] { return of_version(host, "2.0.0")->done == 2; }));
}

TEST_F(Shares, of_a_version_that_cannot_start_change_nothing) {
  Host host = start({actor(), actor_2("activate exit")});

  const auto status = host.share(shared(kAct, 1, 1));

  ASSERT_FALSE(status);
  EXPECT_EQ(answers(host, 10).at(1), 10);
  EXPECT_TRUE(await([] { return count_children() == 1; }));
}

TEST_F(Shares, stop_and_restart_with_their_plugin) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));

  ASSERT_TRUE(host.stop("actor"));
  EXPECT_EQ(count_children(), 0u);
  ASSERT_TRUE(host.restart("actor"));

  EXPECT_EQ(count_children(), 2u);
  EXPECT_NEAR(answers(host, 20).at(2), 10, 3);
}

TEST_F(Shares, stand_in_the_configuration) {
  auto configuration = with({actor(), actor_2()});
  route(configuration, kAct).targets = {{"1.0.0", 1}, {"2.0.0", 3}};
  route(configuration, kOrders).targets = {{"2.0.0"}};
  Host host = start(configuration);
  auto orders = host.publisher<stage::Order>(kOrders).value();
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(orders.publish(order({})));

  const int second = answers(host, 40).at(2);
  EXPECT_NEAR(second, 30, 3);
  EXPECT_EQ(of_version(host, "2.0.0")->sent, 7u + static_cast<unsigned>(second));
  EXPECT_EQ(of_version(host, "1.0.0")->sent, 40u - static_cast<unsigned>(second));
}

TEST_F(Shares, can_be_of_a_function_that_the_version_that_serves_does_not_have) {
  Host host = start({plugin("libhost_grower.so"), plugin("libhost_grower-2.so")});
  flatbuffers::FlatBufferBuilder request;
  request.Finish(order({.number = 7})(request));
  const auto call = [&](std::string_view function) {
    return host.call_bytes(function, {request.GetBufferPointer(), request.GetSize()}, {.deadline = 30s});
  };
  EXPECT_EQ(call("grower/newer").error().code, ErrorCode::NoSuchRoute);

  const auto status = host.share({.route = "grower/newer", .plugin = {}, .targets = {{"2.0.0", 1}}});

  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_TRUE(call("grower/newer"));
  EXPECT_TRUE(call("grower/old"));
  ASSERT_TRUE(host.share({.route = "grower/newer", .plugin = {}, .targets = {}}));
  EXPECT_EQ(call("grower/newer").error().code, ErrorCode::NoSuchRoute);
  EXPECT_TRUE(call("grower/old"));
}

TEST_F(Shares, of_a_warm_version_take_no_start) {
  auto newer = actor_2();
  newer.warm = true;
  Host host = start({actor(), newer});
  const auto pid = of_version(host, "2.0.0")->pid;

  ASSERT_TRUE(host.share(shared(kAct, 1, 1)));
  EXPECT_EQ(of_version(host, "2.0.0")->pid, pid);
  EXPECT_FALSE(of_version(host, "2.0.0")->warm);
  EXPECT_NEAR(answers(host, 20).at(2), 10, 3);
  ASSERT_TRUE(host.share({.route = kAct, .plugin = {}, .targets = {}}));

  EXPECT_EQ(of_version(host, "2.0.0")->pid, pid);
  EXPECT_TRUE(of_version(host, "2.0.0")->warm);
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_EQ(of_version(host, "2.0.0")->pid, pid);
}

struct Refusal {
  RouteTargets targets;
  ErrorCode code;
  std::string text;
};

TEST_F(Shares, that_cannot_be_are_refused_and_say_why) {
  auto configuration = with({actor(), actor_2(), partner()});
  route(configuration, "partner.news").order = shunt::Order::Total;
  Host host = start(configuration);
  const std::vector<Refusal> refusals{
      {shared("actor/nothing", 1, 1), ErrorCode::NoSuchRoute, "actor/nothing"},
      {{kAct, {}, {{"3.0.0", 1}}}, ErrorCode::NoSuchVersion, "3.0.0"},
      {{kAct, {}, {{"one", 1}}}, ErrorCode::BadInput, "one"},
      {{kAct, {}, {{"1.0.0", 1}, {"1.0.0", 2}}}, ErrorCode::BadInput, "twice"},
      {{kAct, {}, {{"1.0.0", 0}, {"2.0.0", 1, false}}}, ErrorCode::BadInput, "nobody would get"},
      {{kAct, {}, {{"1.0.0", 1'000'001}}}, ErrorCode::BadInput, "0 to 1000000"},
      {{kAct, "partner", {{"1.0.0", 1}}}, ErrorCode::BadInput, "say actor"},
      {shared("partner.news", 1, 1), ErrorCode::BadInput, "total order"},
      {{"actor.news", "actor", {{"1.0.0", 1}}}, ErrorCode::BadInput, "say partner"},
  };

  for (const Refusal& each : refusals) {
    const auto status = host.share(each.targets);
    ASSERT_FALSE(status) << each.text;
    EXPECT_EQ(status.error().code, each.code) << status.error().message;
    EXPECT_THAT(status.error().message, HasSubstr(each.text));
  }
  EXPECT_EQ(answers(host, 4).at(1), 4);
}

TEST_F(Shares, that_cannot_be_keep_the_host_from_starting) {
  auto configuration = with({actor()});
  route(configuration, kAct).targets = {{"1.0.0", 1}, {"2.0.0", 3}};
  const auto host = Host::start(configuration);

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("\"actor/act\".targets"), HasSubstr("2.0.0")));
}

TEST_F(Shares, of_all_functions_that_begin_so_change_in_one_step) {
  Host host = start({actor(), actor_2()});

  ASSERT_TRUE(host.share(shared("actor/*", 0, 1)));

  auto client = host.client<Client>().value();
  EXPECT_EQ(client.act(order({})).value()->version(), 2u);
  EXPECT_EQ(client.repeat(order({})).value()->version(), 2u);
  ASSERT_TRUE(host.share(shared("actor/re*", 1, 0)));
  EXPECT_EQ(client.act(order({})).value()->version(), 2u);
  EXPECT_EQ(client.repeat(order({})).value()->version(), 1u);
  ASSERT_TRUE(host.share({.route = "actor/*", .plugin = {}, .targets = {}}));
  EXPECT_EQ(client.act(order({})).value()->version(), 1u);
  EXPECT_EQ(count_children(), 1u);
}

TEST_F(Shares, of_topics_that_begin_so_are_of_those_that_the_plugin_hears) {
  Host host = start({actor(), actor_2(), partner()});

  const auto status = host.share({.route = "*", .plugin = "actor", .targets = {{"1.0.0", 0}, {"2.0.0", 1}}});

  ASSERT_TRUE(status) << to_string(status.error());
  auto orders = host.publisher<stage::Order>(kOrders).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(orders.publish(order({})));
  EXPECT_EQ(of_version(host, "2.0.0")->sent, 10u);
  EXPECT_EQ(of_version(host, "1.0.0")->sent, 0u);
  EXPECT_EQ(answers(host, 4).at(1), 4) << "topics alone";
}

TEST_F(Shares, of_topics_that_begin_so_leave_out_what_nobody_hears_and_who_does_not) {
  Host host = start({actor(), actor_2()});

  // Nobody hears actor.news; the actor alone hears partner.news and the orders.
  ASSERT_TRUE(host.share({.route = "*", .plugin = {}, .targets = {{"1.0.0", 0}, {"2.0.0", 1}}}));
  auto orders = host.publisher<stage::Order>(kOrders).value();
  ASSERT_TRUE(orders.publish(order({})));
  EXPECT_EQ(of_version(host, "2.0.0")->sent, 1u);
  EXPECT_TRUE(host.share({.route = "*", .plugin = "actor", .targets = {}}));
  EXPECT_EQ(count_children(), 1u);
  EXPECT_EQ(host.share({.route = "*", .plugin = "nobody", .targets = {{"1.0.0", 1}}}).error().code,
            ErrorCode::BadInput);
}

TEST_F(Shares, of_functions_that_begin_so_are_of_versions_that_have_them) {
  auto older = plugin("libhost_grower.so"), newer = plugin("libhost_grower-2.so");
  Host host = start({older, newer});

  const auto status = host.share({.route = "grower/*", .plugin = {}, .targets = {{"1.0.0", 0}, {"2.0.0", 1}}});
  EXPECT_TRUE(status) << to_string(status.error());
  const auto back = host.share({.route = "grower/*", .plugin = {}, .targets = {{"1.0.0", 1}, {"2.0.0", 0}}});
  EXPECT_TRUE(back) << to_string(back.error()) << ": 1.0.0 lacks one of them, and nobody has a weight there";
}

TEST_F(Shares, of_names_that_nobody_has_are_refused) {
  Host host = start({actor(), actor_2()});

  const auto nothing = host.share(shared("actor/x*", 1, 1));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::NoSuchRoute);
  EXPECT_THAT(nothing.error().message, HasSubstr("declares a function that begins with \"actor/x\""));
  EXPECT_EQ(host.share(shared("act*r/act", 1, 1)).error().code, ErrorCode::NoSuchRoute);
  const auto nobody = host.share(shared("actor/*", 0, 0));
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().message, HasSubstr("\"actor/*\" means 2 routes, and none of them is shared so"));
}

TEST_F(Shares, of_the_configuration_are_those_of_the_longest_name_that_fits) {
  auto configuration = with({actor(), actor_2()});
  configuration.routes.clear();
  route(configuration, "actor/*").targets = {{"1.0.0", 0}, {"2.0.0", 1}};
  route(configuration, "actor/repeat").deadline = 5s;
  Host host = start(configuration);

  auto client = host.client<Client>().value();
  EXPECT_EQ(client.act(order({})).value()->version(), 2u);
  EXPECT_EQ(client.repeat(order({})).value()->version(), 1u) << "what is said of it alone is all that is said";
}

TEST_F(Shares, and_all_else_of_routes_can_be_said_of_several) {
  auto configuration = with({actor()});
  configuration.routes.clear();
  route(configuration, "actor/*").in_flight_max = 7;
  route(configuration, "actor/re*").in_flight_max = 8;
  route(configuration, "stage.*").backlog = 9;
  Host host = start(configuration);

  const HostSnapshot snapshot = host.snapshot();
  const auto of = [&](const std::string& name) {
    return *std::ranges::find(snapshot.routes, name, &RouteSnapshot::name);
  };
  EXPECT_EQ(of("actor/act").in_flight_max, 7u);
  EXPECT_EQ(of("actor/repeat").in_flight_max, 8u);
  EXPECT_EQ(of(kOrders).receivers.at(0).backlog, 9u);
}

TEST_F(Shares, said_of_several_that_no_plugin_has_are_refused_at_the_start) {
  auto configuration = with({actor()});
  route(configuration, "actor/x*").in_flight_max = 7;

  const auto host = Host::start(configuration);

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, HasSubstr("routes.\"actor/x*\""));
}

}  // namespace
}  // namespace shunt::test
