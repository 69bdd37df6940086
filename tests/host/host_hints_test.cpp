/// What a message wants of the version that handles it.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <pthread.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kAct = "actor/act";
const std::string kOrders = "stage.orders";

Hints hints(std::string_view text) { return Hints::parse(text).value(); }

PluginConfiguration with_labels(PluginConfiguration plugin, std::map<std::string, std::string, std::less<>> labels,
                                std::string tag = {}) {
  plugin.labels = std::move(labels);
  plugin.tag = std::move(tag);
  return plugin;
}

class HintsOf : public HostTest {
 protected:
  using Client = actor::Client;

  /// Both versions of the actor, of which the second has a part only where it is asked for.
  static Host both(PluginConfiguration first = actor(), PluginConfiguration second = actor_2(),
                   std::vector<PluginConfiguration> others = {}) {
    std::vector<PluginConfiguration> plugins{std::move(first), std::move(second)};
    plugins.insert(plugins.end(), others.begin(), others.end());
    Host host = start(plugins);
    for (const std::string& route : {kAct, kOrders}) share(host, route, "actor", 1, 0);
    return host;
  }
  static void share(Host& host, const std::string& route, const std::string& plugin, std::uint32_t first,
                    std::uint32_t second) {
    const auto status =
        host.share({.route = route, .plugin = plugin, .targets = {{"1.0.0", first}, {"2.0.0", second}}});
    if (!status) throw std::runtime_error(to_string(status.error()));
  }
  static Result<Reply<stage::Outcome>> call(Host& host, std::string_view text, const Order& what = {}, Key key = {}) {
    return host.client<Client>().value().act(order(what), {.deadline = 30s, .key = key, .hints = hints(text)});
  }
  static std::uint32_t version_for(Host& host, std::string_view text) { return call(host, text).value()->version(); }
  static std::string text_of(const Result<Reply<stage::Outcome>>& reply) {
    if (!reply) return to_string(reply.error());
    return (*reply)->text()->str();
  }
  /// What the actor says in its news, as long as the subscription lives.
  static Subscription hear(Host& host, std::vector<std::string>& said) {
    return host
        .subscribe<stage::News>("actor.news",
                                [&said](const Received<stage::News>& each) { said.push_back(each->text()->str()); })
        .value();
  }
  static RouteSnapshot route_of(Host& host, const std::string& name) {
    const HostSnapshot snapshot = host.snapshot();
    return *std::ranges::find(snapshot.routes, name, &RouteSnapshot::name);
  }
  static std::uint64_t passed_over(Host& host, const std::string& name) { return route_of(host, name).passed_over; }
  /// Messages that were sent to a plugin's instances of this version.
  static std::vector<std::uint64_t> sent(Host& host, const std::string& plugin, std::string_view version) {
    std::vector<std::uint64_t> result;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == plugin && each.version.starts_with(version)) result.push_back(each.sent);
    return result;
  }
  static std::int64_t pid_of(Host& host, std::string_view version, std::size_t nth = 0) {
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "actor" && each.version.starts_with(version) && each.pid != 0 && nth-- == 0) return each.pid;
    return 0;
  }
};

TEST_F(HintsOf, a_call_choose_its_version_whatever_the_weights) {
  Host host = both();

  EXPECT_EQ(version_for(host, ""), 1u);
  EXPECT_EQ(version_for(host, "v2"), 2u);
  EXPECT_EQ(version_for(host, "^1.0"), 1u);
  EXPECT_EQ(version_for(host, ">=1.5 <3"), 2u);
  EXPECT_EQ(version_for(host, ""), 1u);
}

TEST_F(HintsOf, several_versions_mean_the_first_that_is_there) {
  Host host = both();

  EXPECT_EQ(version_for(host, "v3,2.x,1"), 2u);
  EXPECT_EQ(version_for(host, "v3,1,v2"), 1u);
  EXPECT_EQ(passed_over(host, kAct), 0u);
}

TEST_F(HintsOf, what_nobody_suits_are_passed_over_and_counted) {
  Host host = both();

  EXPECT_EQ(version_for(host, "v3"), 1u);
  EXPECT_EQ(version_for(host, "v3;region=bj"), 1u);
  EXPECT_EQ(version_for(host, "v2;region=bj"), 2u);

  EXPECT_EQ(passed_over(host, kAct), 3u);
}

TEST_F(HintsOf, what_is_required_and_nobody_suits_fail) {
  Host host = both();

  const auto reply = call(host, "v3;required");

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr("\"actor/act\": nobody suits \"3;required\""),
                                           HasSubstr("there is 1.0.0"), HasSubstr(", 2.0.0")));
  EXPECT_EQ(call(host, "v2;region=bj;required=region").error().code, ErrorCode::NoSuchVersion);
  EXPECT_EQ(version_for(host, "v2;required"), 2u);
  EXPECT_EQ(version_for(host, "v3,v2;required"), 2u);
  EXPECT_EQ(route_of(host, kAct).in_flight, 0u);
}

TEST_F(HintsOf, a_route_that_nobody_shares_count_as_well) {
  Host host = start({actor(), actor_2()});

  EXPECT_EQ(version_for(host, "v2"), 1u);
  EXPECT_EQ(passed_over(host, kAct), 1u);
  EXPECT_EQ(call(host, "v2;required").error().code, ErrorCode::NoSuchVersion);
  EXPECT_EQ(version_for(host, "v1;required"), 1u);
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  EXPECT_EQ(version_for(host, "v2;required"), 2u);
  EXPECT_EQ(call(host, "v1;required").error().code, ErrorCode::NoSuchVersion);
}

TEST_F(HintsOf, a_version_come_before_a_tag_and_that_before_labels) {
  Host host = both(with_labels(actor(), {{"region", "bj"}, {"canary", "0"}}, "stable"),
                   with_labels(actor_2(), {{"region", "bj"}, {"canary", "1"}}, "nightly"));

  EXPECT_EQ(version_for(host, "tag=nightly"), 2u);
  EXPECT_EQ(version_for(host, "tag=2.0.0"), 2u) << "all of its number";
  EXPECT_EQ(version_for(host, "canary=1"), 2u);
  EXPECT_EQ(version_for(host, "region=bj"), 1u) << "both suit: the weights decide";
  EXPECT_EQ(version_for(host, "tag=nightly;canary=0"), 2u);
  EXPECT_EQ(version_for(host, "v1;tag=nightly;canary=1"), 1u);
  EXPECT_EQ(call(host, "v1;tag=nightly;required=tag").error().code, ErrorCode::NoSuchVersion);
}

TEST_F(HintsOf, a_version_that_is_off_do_not_mean_it) {
  Host host = both();
  ASSERT_TRUE(host.share({.route = kAct, .plugin = {}, .targets = {{"1.0.0", 1}, {"2.0.0", 1, false}}}));

  EXPECT_EQ(version_for(host, "v2"), 1u);
  EXPECT_EQ(call(host, "v2;required").error().code, ErrorCode::NoSuchVersion);
}

TEST_F(HintsOf, a_version_in_quarantine_do_not_mean_it_until_it_is_started_again) {
  auto second = actor_2();
  second.restart.crashes_max = 1;
  Host host = both(actor(), second);

  send_signal(pid_of(host, "2.0.0"), SIGKILL);
  await_event(host, HostEventKind::Quarantined, "actor");

  EXPECT_EQ(version_for(host, "v2"), 1u);
  EXPECT_EQ(call(host, "v2;required").error().code, ErrorCode::NoSuchVersion);
  ASSERT_TRUE(host.restart("actor"));
  EXPECT_EQ(version_for(host, "v2;required"), 2u);
}

TEST_F(HintsOf, a_version_that_is_being_started_again_wait_for_it) {
  Host host = both();

  for (int round = 0; round < 3; ++round) {
    send_signal(pid_of(host, "2.0.0"), SIGKILL);
    EXPECT_EQ(version_for(host, "v2;required"), 2u);
  }
}

TEST_F(HintsOf, a_version_with_several_instances_are_divided_among_these) {
  auto second = actor_2();
  second.instances = 3;
  Host host = both(actor(), second);

  for (int i = 0; i < 300; ++i) ASSERT_EQ(version_for(host, "v2"), 2u);

  for (const std::uint64_t each : sent(host, "actor", "2.0.0")) EXPECT_NEAR(static_cast<double>(each), 100, 5);
}

TEST_F(HintsOf, versions_that_several_suit_leave_these_to_their_weights) {
  Host host = both();
  share(host, kAct, "actor", 3, 1);

  int second = 0;
  for (int i = 0; i < 200; ++i) second += version_for(host, ">=1") == 2 ? 1 : 0;

  EXPECT_NEAR(second, 50, 5);
}

TEST_F(HintsOf, calls_with_one_key_go_to_one_instance) {
  auto second = actor_2();
  second.instances = 3;
  Host host = both(actor(), second);

  for (int i = 0; i < 40; ++i) ASSERT_EQ(call(host, "v2", {}, Key{"EURUSD"}).value()->version(), 2u);

  auto counts = sent(host, "actor", "2.0.0");
  std::ranges::sort(counts);
  EXPECT_THAT(counts, ElementsAre(0u, 0u, 40u));
}

TEST_F(HintsOf, a_publication_are_asked_of_each_plugin_by_itself) {
  Host host = both(actor(), actor_2(), {partner()});
  auto orders = host.publisher<stage::Order>(kOrders).value();
  const auto before = sent(host, "partner", "1.0.0").front();

  for (int i = 0; i < 10; ++i) ASSERT_TRUE(orders.publish(order({}), {.hints = hints("v2")}));
  EXPECT_THAT(sent(host, "actor", "2.0.0"), ElementsAre(10u));
  EXPECT_THAT(sent(host, "actor", "1.0.0"), ElementsAre(0u));
  EXPECT_EQ(sent(host, "partner", "1.0.0").front() - before, 10u) << "it has no such version: passed over";
  EXPECT_EQ(passed_over(host, kOrders), 10u);

  ASSERT_TRUE(orders.publish(order({}), {.hints = hints("v2;required")}));
  EXPECT_THAT(sent(host, "actor", "2.0.0"), ElementsAre(11u));
  EXPECT_EQ(sent(host, "partner", "1.0.0").front() - before, 10u) << "it does not suit what is required";

  const auto nobody = orders.publish(order({}), {.hints = hints("v3;required")});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::NoSuchVersion);
}

TEST_F(HintsOf, publications_that_go_out_together_hold_for_each) {
  Host host = both();
  auto orders = host.publisher<stage::Order>(kOrders).value();

  const auto sent_together =
      orders.publish_batch(20, [](std::size_t, auto& build) { return order({})(build); }, {.hints = hints("v2")});

  ASSERT_TRUE(sent_together) << to_string(sent_together.error());
  EXPECT_EQ(sent_together->published, 20u);
  EXPECT_THAT(sent(host, "actor", "2.0.0"), ElementsAre(20u));
}

TEST_F(HintsOf, a_call_that_is_not_waited_for_hold_as_well) {
  Host host = both();
  auto client = host.client<Client>().value();

  auto pending = client.act_async(order({}), {.deadline = 30s, .hints = hints("v2")});
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->get().value()->version(), 2u);
  EXPECT_EQ(client.act_async(order({}), {.hints = hints("v3;required")}).error().code, ErrorCode::NoSuchVersion);
}

TEST_F(HintsOf, a_message_are_there_for_its_handler_in_their_one_form) {
  Host host = both();

  EXPECT_EQ(text_of(call(host, " region=bj ; v2 ", {.deed = Deed::TellHints})), "2;region=bj");
  EXPECT_EQ(text_of(call(host, "", {.deed = Deed::TellHints})), "");
}

TEST_F(HintsOf, a_call_travel_with_what_its_handler_calls) {
  Host host = both(actor(), actor_2(), {partner()});

  EXPECT_EQ(text_of(call(host, "v2;region=bj", {.deed = Deed::Ask, .then = Deed::TellHints})), "2;region=bj");
  EXPECT_EQ(text_of(call(host, "", {.deed = Deed::Ask, .then = Deed::TellHints})), "");
}

TEST_F(HintsOf, a_publication_travel_with_what_its_handler_calls) {
  Host host = both(actor(), actor_2(), {partner()});
  auto orders = host.publisher<stage::Order>(kOrders).value();
  std::vector<std::string> said;
  const auto news = hear(host, said);

  const auto ask = order({.deed = Deed::Ask, .then = Deed::TellHints});
  ASSERT_TRUE(orders.publish(ask, {.hints = hints("region=bj")}));
  ASSERT_TRUE(orders.publish(ask, {.urgent = true, .hints = hints("region=sh")}));
  ASSERT_TRUE(orders.publish(ask));

  ASSERT_TRUE(poll_until(host, [&] { return said.size() == 3; }));
  std::ranges::sort(said);
  EXPECT_THAT(said, ElementsAre("", "region=bj", "region=sh"));
}

TEST_F(HintsOf, a_chain_choose_versions_on_every_step) {
  Host host = both(actor(), actor_2(), {partner(), partner_2()});
  share(host, "partner/act", "partner", 1, 0);

  for (int i = 0; i < 5; ++i) ASSERT_TRUE(call(host, "v2", {.deed = Deed::Ask}));

  EXPECT_THAT(sent(host, "partner", "2.0.0"), ElementsAre(5u));
  EXPECT_THAT(sent(host, "partner", "1.0.0"), ElementsAre(0u));
}

TEST_F(HintsOf, a_chain_choose_among_those_that_a_plugin_can_call) {
  Host host = start({actor(), partner(), partner_2()});
  share(host, "partner/act", "partner", 1, 1);

  for (int i = 0; i < 5; ++i) ASSERT_TRUE(call(host, "v2", {.deed = Deed::Ask}));

  EXPECT_THAT(sent(host, "partner", "2.0.0"), ElementsAre(0u)) << "the actor calls ^1.0";
  EXPECT_THAT(sent(host, "partner", "1.0.0"), ElementsAre(5u));
  EXPECT_EQ(passed_over(host, "partner/act"), 5u);
  EXPECT_TRUE(call(host, "v2,v1;required", {.deed = Deed::Ask}));
}

TEST_F(HintsOf, a_chain_fail_where_nobody_suits_what_they_require) {
  Host host = both(with_labels(actor(), {{"region", "bj"}}), actor_2(), {partner()});

  EXPECT_EQ(version_for(host, "region=bj;required"), 1u);
  const auto reply = call(host, "region=bj;required", {.deed = Deed::Ask});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::NoSuchVersion);
  EXPECT_THAT(reply.error().message, HasSubstr("\"partner/act\": nobody suits \"region=bj;required\""));
}

TEST_F(HintsOf, payloads_of_every_size_arrive_with_them) {
  Host host = both(actor(), actor_2(), {partner()});
  const std::string long_hints = "v2;" + std::string("a=") + std::string(60, 'x') + ";b=" + std::string(40, 'y');

  for (std::size_t bytes = 0; bytes <= 320; bytes += 8) {
    const std::string text(bytes, 't');
    EXPECT_EQ(text_of(call(host, long_hints, {.text = text})), text);
    EXPECT_EQ(text_of(call(host, "v2", {.text = text})), text);
    EXPECT_EQ(text_of(call(host, long_hints, {.deed = Deed::Ask, .text = text})), text);
  }
}

TEST_F(HintsOf, a_publication_of_every_size_arrive_with_it) {
  Host host = both(actor(), actor_2(), {partner()});
  auto orders = host.publisher<stage::Order>(kOrders).value();
  std::vector<std::string> said;
  const auto news = hear(host, said);

  for (std::size_t bytes = 0; bytes <= 320; bytes += 8) {
    const std::string text(bytes, 't');
    ASSERT_TRUE(orders.publish(order({.deed = Deed::Ask, .text = text}), {.hints = hints("v2;region=bj")}));
    ASSERT_TRUE(poll_until(host, [&] { return !said.empty(); }));
    EXPECT_THAT(said, ElementsAre(text));
    said.clear();
  }
}

TEST_F(HintsOf, a_message_that_has_to_fit_inside_are_refused_where_they_do_not) {
  auto configuration = with({actor()});
  route(configuration, kAct).payload = PayloadPlace::Inline;
  Host host = start(configuration);
  const std::string text(100, 't');
  const std::string value(60, 'x');

  ASSERT_TRUE(call(host, "", {.text = text}));
  ASSERT_TRUE(call(host, "v1"));
  const auto refused = call(host, "v1;a=" + value, {.text = text});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(refused.error().message, HasSubstr("of hints do not fit inside a message (192)"));
}

TEST_F(HintsOf, what_waits_when_its_instance_dies_keep_it_with_its_version) {
  auto second = actor_2();
  second.instances = 2;
  Host host = both(actor(), second);
  auto client = host.client<Client>().value();
  const CallOptions options{.deadline = 30s, .hints = hints("v2;required")};
  auto crashing = client.act_async(order({.deed = Deed::Hang}), options);
  ASSERT_TRUE(crashing);
  std::vector<Pending<stage::Outcome>> waiting;
  waiting.reserve(40);
  for (int i = 0; i < 40; ++i) waiting.push_back(client.act_async(order({}), options).value());

  ASSERT_TRUE(poll_until(host, [&] {
    const auto counts = sent(host, "actor", "2.0.0");
    return counts.front() + counts.back() == 41;
  }));
  for (const std::size_t nth : {0u, 1u}) send_signal(pid_of(host, "2.0.0", nth), SIGKILL);

  std::size_t unknown = 0;
  for (auto& each : waiting) {
    const auto reply = each.get();
    if (reply) EXPECT_EQ((*reply)->version(), 2u);
    else if (reply.error().code == ErrorCode::OutcomeUnknown) ++unknown;
    else ADD_FAILURE() << to_string(reply.error());
  }
  EXPECT_LE(unknown, 2u) << "one that each had begun";
}

TEST_F(HintsOf, what_waits_for_a_version_that_does_not_come_back_fail_if_they_are_required) {
  auto second = actor_2();
  second.restart.crashes_max = 1;
  Host host = both(actor(), second);
  auto client = host.client<Client>().value();
  auto hanging = client.act_async(order({.deed = Deed::Hang}), {.deadline = 30s, .hints = hints("v2")}).value();
  std::vector<Pending<stage::Outcome>> required, wished;
  required.reserve(20);
  wished.reserve(20);
  for (int i = 0; i < 20; ++i) {
    required.push_back(client.act_async(order({}), {.deadline = 30s, .hints = hints("v2;required")}).value());
    wished.push_back(client.act_async(order({}), {.deadline = 30s, .hints = hints("v2")}).value());
  }

  send_signal(pid_of(host, "2.0.0"), SIGKILL);

  for (auto& each : required) EXPECT_EQ(each.get().error().code, ErrorCode::NoSuchVersion);
  for (auto& each : wished) EXPECT_EQ(each.get().value()->version(), 1u);
  EXPECT_EQ(hanging.get().error().code, ErrorCode::OutcomeUnknown);
}

TEST_F(HintsOf, a_message_are_explained_as_they_are_followed) {
  Host host = both(actor(), with_labels(actor_2(), {{"region", "bj"}}), {partner()});

  const auto of_call = host.explain(kAct, hints("v3,^2;region=bj;feature=x")).value();
  ASSERT_EQ(of_call.size(), 1u);
  EXPECT_EQ(of_call[0].plugin, "actor");
  ASSERT_EQ(of_call[0].rules.size(), 4u);
  EXPECT_EQ(of_call[0].rules[0].text, "version 3");
  EXPECT_THAT(of_call[0].rules[0].suit, IsEmpty());
  EXPECT_EQ(of_call[0].rules[1].text, "version ^2");
  EXPECT_THAT(of_call[0].rules[1].suit, ElementsAre(HasSubstr("2.0.0")));
  EXPECT_EQ(of_call[0].rules[2].text, "feature=x");
  EXPECT_THAT(of_call[0].rules[2].suit, IsEmpty());
  EXPECT_THAT(of_call[0].rules[3].suit, ElementsAre(HasSubstr("2.0.0")));
  ASSERT_EQ(of_call[0].seats.size(), 1u);
  EXPECT_THAT(of_call[0].seats[0].version, HasSubstr("2.0.0"));

  const auto plain = host.explain(kAct).value();
  ASSERT_EQ(plain[0].seats.size(), 1u) << "the second version has no weight";
  EXPECT_THAT(plain[0].seats[0].version, HasSubstr("1.0.0"));
  EXPECT_THAT(host.explain(kAct, hints("v3;required")).value()[0].seats, IsEmpty());
  EXPECT_EQ(host.explain(kOrders, hints("v2")).value().size(), 2u);
  EXPECT_EQ(host.explain("nobody/knows").error().code, ErrorCode::NoSuchRoute);
}

TEST_F(HintsOf, a_key_are_explained_as_they_are_followed) {
  Host host = both();
  share(host, kAct, "actor", 1, 1);

  for (std::uint64_t key = 1; key <= 50; ++key) {
    const auto explained = host.explain(kAct, {}, key).value();
    ASSERT_EQ(explained[0].seats.size(), 1u);
    EXPECT_TRUE(explained[0].by_key);
    const auto version = host.client<Client>().value().act(order({}), {.deadline = 30s, .key = key}).value()->version();
    EXPECT_TRUE(explained[0].seats[0].version.starts_with(version == 2 ? "2" : "1")) << key;
  }
}

/// A host's threads may have small stacks, which hold their thread-local storage, too.
TEST_F(HintsOf, calls_of_a_thread_with_a_stack_of_128_KiB_are_followed) {
  Host host = both();
  std::uint32_t version = 0;
  const std::function<void()> ask = [&] { version = version_for(host, "v2"); };
  pthread_attr_t small;
  ASSERT_EQ(pthread_attr_init(&small), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&small, std::size_t{128} << 10), 0);

  pthread_t thread{};
  ASSERT_EQ(pthread_create(
                &thread, &small,
                [](void* task) -> void* {
                  (*static_cast<const std::function<void()>*>(task))();
                  return nullptr;
                },
                const_cast<std::function<void()>*>(&ask)),
            0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&small);

  EXPECT_EQ(version, 2u);
}

TEST_F(HintsOf, calls_while_shares_and_versions_change_find_their_version_all_the_time) {
  Host host = both();
  std::atomic<bool> over{false};
  std::atomic<std::size_t> wrong{0}, right{0};
  std::thread caller([&] {
    auto client = host.client<Client>().value();
    while (!over.load(std::memory_order_relaxed)) {
      const auto reply = client.act(order({}), {.deadline = 30s, .hints = hints("v2;required")});
      (reply && (*reply)->version() == 2 ? right : wrong).fetch_add(1, std::memory_order_relaxed);
    }
  });
  for (int round = 0; round < 5; ++round)
    for (const std::uint32_t weight : {0u, 1u, 5u, 0u}) {
      const std::size_t before = right.load();
      share(host, kAct, "actor", 1, weight);
      EXPECT_TRUE(poll_until(host, [&] { return right.load() > before || wrong.load() > 0; }));
    }
  over.store(true, std::memory_order_relaxed);
  caller.join();

  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace shunt::test
