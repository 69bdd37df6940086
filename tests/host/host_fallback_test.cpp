/// What callers get of a function that has a fallback, when nobody answers them well.
#include "cast.hpp"

#include <string>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

const std::string kAct = "actor/act";

HostConfiguration falling_back(std::vector<PluginConfiguration> plugins, const std::string& function = kAct,
                               std::string reply = R"({"number": 99, "text": "nobody knows", "padding": []})") {
  HostConfiguration configuration = with(std::move(plugins));
  route(configuration, function).fallback = std::move(reply);
  return configuration;
}

class Fallbacks : public HostTest {
 protected:
  using Client = actor::Client;

  static std::uint64_t fallbacks(Host& host, const std::string& function = kAct) {
    for (const RouteSnapshot& each : host.snapshot().routes)
      if (each.name == function) return each.fallbacks.value_or(0);
    return 0;
  }
  static void expect_fallback(const Result<Reply<stage::Outcome>>& reply) {
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_TRUE(reply->is_fallback());
    EXPECT_EQ((*reply)->number(), 99u);
    EXPECT_EQ((*reply)->text()->str(), "nobody knows");
    EXPECT_FALSE(reply->origin());
  }
};

TEST_F(Fallbacks, a_good_answer_is_the_plugins_own) {
  Host host = start(falling_back({actor()}));

  const auto reply = host.client<Client>().value().act(order({.number = 7}), {.deadline = kPatience});

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_FALSE(reply->is_fallback());
  EXPECT_EQ((*reply)->number(), 7u);
  EXPECT_EQ(fallbacks(host), 0u);
}

TEST_F(Fallbacks, stand_in_for_a_handler_that_throws_however_it_was_called) {
  Host host = start(falling_back({actor()}));
  auto client = host.client<Client>().value();
  const Order throws{.deed = Deed::Throw};

  expect_fallback(client.act(order(throws), {.deadline = kPatience}));
  auto pending = client.act_async(order(throws), {.deadline = kPatience});
  ASSERT_TRUE(pending);
  expect_fallback(pending->get());
  bool called_back = false;
  const auto started =
      client.act_async(order(throws), {.deadline = kPatience}, [&](Result<Reply<stage::Outcome>> reply) {
        called_back = true;
        expect_fallback(reply);
      });
  ASSERT_TRUE(started);
  EXPECT_TRUE(poll_until(host, [&] { return called_back; }));

  EXPECT_EQ(fallbacks(host), 3u);
  const HostEvent event = await_event(host, HostEventKind::FellBack, "actor");
  EXPECT_EQ(event.route, kAct);
  EXPECT_THAT(event.text, HasSubstr("thrown on purpose"));
}

TEST_F(Fallbacks, stand_in_when_the_deadline_passes_and_when_the_instance_dies) {
  Host host = start(falling_back({actor()}));
  auto client = host.client<Client>().value();

  expect_fallback(client.act(order({.deed = Deed::UntilCancelled}), {.deadline = 1ms}));
  expect_fallback(client.act(order({.deed = Deed::Crash}), {.deadline = kPatience}));
}

TEST_F(Fallbacks, stand_in_while_nobody_serves_also_for_calls_that_are_not_waited_for) {
  Host host = start(falling_back({actor()}));
  auto client = host.client<Client>().value();
  ASSERT_TRUE(host.stop("actor"));

  expect_fallback(client.act(order({}), {.deadline = kPatience}));
  auto pending = client.act_async(order({}), {.deadline = kPatience});
  ASSERT_TRUE(pending) << to_string(pending.error());
  EXPECT_TRUE(pending->ready());
  EXPECT_FALSE(pending->cancel()) << "it has an outcome";
  expect_fallback(pending->get());
  int called_back = 0;
  const auto started = client.act_async(order({}), {.deadline = kPatience}, [&](Result<Reply<stage::Outcome>> reply) {
    ++called_back;
    expect_fallback(reply);
  });
  ASSERT_TRUE(started) << to_string(started.error());
  EXPECT_EQ(called_back, 0) << "in poll() alone";
  EXPECT_TRUE(poll_until(host, [&] { return called_back == 1; }));
}

TEST_F(Fallbacks, do_not_hide_what_is_the_callers_own_fault_or_wish) {
  Host host = start(falling_back({actor()}));
  auto client = host.client<Client>().value();

  EXPECT_EQ(client.act(order({.deed = Deed::Fail}), {.deadline = kPatience}).error().code, ErrorCode::BadInput);
  auto pending = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kPatience});
  ASSERT_TRUE(pending && pending->cancel());
  EXPECT_EQ(pending->get().error().code, ErrorCode::Cancelled);

  EXPECT_EQ(fallbacks(host), 0u);
}

TEST_F(Fallbacks, reach_a_plugin_that_calls_another_one) {
  Host host = start(falling_back({actor(), partner()}, "partner/act"));
  auto client = host.client<Client>().value();

  for (const bool stopped : {false, true}) {
    if (stopped) {
      ASSERT_TRUE(host.stop("partner"));
    }
    const auto reply = client.act(order({.deed = Deed::Ask, .then = Deed::Throw}), {.deadline = kPatience});
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), 99u) << "what the partner's fallback says";
  }

  EXPECT_EQ(fallbacks(host, "partner/act"), 2u);
}

TEST_F(Fallbacks, larger_than_a_message_reach_a_plugin_in_a_chunk) {
  const std::string text(1000, 'x');
  Host host = start(falling_back({actor(), partner()}, "partner/act",
                                 fmt::format(R"({{"number": 99, "text": "{}", "padding": []}})", text)));
  auto client = host.client<Client>().value();

  for (int i = 0; i < 100; ++i) {
    const auto reply = client.act(order({.deed = Deed::Ask, .then = Deed::Throw}), {.deadline = kPatience});
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), 99u);
  }

  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Fallbacks, can_be_read_when_the_host_is_gone) {
  std::optional<Reply<stage::Outcome>> kept;
  {
    Host host = start(falling_back({actor()}));
    auto reply = host.client<Client>().value().act(order({.deed = Deed::Throw}), {.deadline = kPatience});
    ASSERT_TRUE(reply);
    kept.emplace(*std::move(reply));
  }
  EXPECT_EQ((*kept)->text()->str(), "nobody knows");
}

TEST_F(Fallbacks, are_refused_at_the_start_when_they_are_no_reply_of_the_function) {
  for (const auto& [reply, complaint] :
       {std::pair{R"({"number": "many"})", "the JSON is no stage.Outcome: line 1"},
        std::pair{R"({"numbre": 1})", "numbre"}, std::pair{"nothing", "the JSON is no stage.Outcome"}}) {
    const auto host = Host::start(falling_back({actor()}, kAct, reply));
    ASSERT_FALSE(host);
    EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(host.error().message, HasSubstr("routes.\"actor/act\".fallback"));
    EXPECT_THAT(host.error().message, HasSubstr(complaint));
  }
}

TEST_F(Fallbacks, are_required_of_every_function_where_the_host_says_so) {
  HostConfiguration configuration = falling_back({actor()});
  configuration.require_fallback = true;

  const auto refused = Host::start(configuration);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(refused.error().message, HasSubstr("no fallback for actor/repeat:"));
  route(configuration, "actor/repeat").fallback = "{}";
  Host host = start(configuration);
  EXPECT_EQ(snapshot_of(host, "actor").state, "Active");
}

}  // namespace
}  // namespace shunt::test
