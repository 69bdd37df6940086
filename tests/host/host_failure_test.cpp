/// How a plugin fails, and what its callers and the event stream are told.
#include "cast.hpp"

#include <csignal>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Failures : public HostTest {
 protected:
  /// What a call of the deed gives.
  static Error call(Host& host, const Order& what, std::chrono::nanoseconds deadline = 30s) {
    auto client = host.client<actor::Client>().value();
    const auto reply = client.act(order(what), {.deadline = deadline});
    return reply ? Error{ErrorCode::Unknown, "it answered"} : reply.error();
  }
  static bool serves(Host& host) {
    auto client = host.client<actor::Client>().value();
    return client.act(order({.number = 1}), {.deadline = 30s}).has_value();
  }
};

TEST_F(Failures, an_error_that_a_handler_returns_arrives_with_its_code_and_its_words) {
  Host host = start({actor()});

  const Error error = call(host, {.deed = Deed::Fail, .number = 31});

  EXPECT_EQ(error.code, ErrorCode::BadInput);
  EXPECT_THAT(error.message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr("actor/act"), HasSubstr("31 was told to fail")));
  EXPECT_TRUE(serves(host));
}

TEST_F(Failures, what_a_handler_throws_is_an_error_with_the_place_of_the_throw) {
  Host host = start({actor()});

  const Error standard = call(host, {.deed = Deed::Throw});
  const Error number = call(host, {.deed = Deed::ThrowNumber});

  EXPECT_EQ(standard.code, ErrorCode::PluginFailed);
  EXPECT_THAT(standard.message, AllOf(HasSubstr("thrown on purpose"), HasSubstr("at "), HasSubstr("Actor::")));
  EXPECT_EQ(number.code, ErrorCode::PluginFailed);
  EXPECT_THAT(number.message, AllOf(HasSubstr("actor/act"), HasSubstr("at ")));
  EXPECT_TRUE(serves(host));
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 0u);
}

TEST_F(Failures, a_handler_without_an_answer_has_failed) {
  Host host = start({actor()});

  EXPECT_EQ(call(host, {.deed = Deed::Silence}).code, ErrorCode::PluginFailed);
  EXPECT_TRUE(serves(host));
}

TEST_F(Failures, a_crash_is_an_unknown_outcome_with_a_backtrace_for_its_caller_and_the_events) {
  struct {
    Deed deed;
    const char* signal;
  } constexpr kCrashes[] = {{Deed::Crash, "signal 11"}, {Deed::Abort, "signal 6"}};
  for (const auto& crash : kCrashes) {
    Host host = start({actor()});

    const Error error = call(host, {.deed = crash.deed});

    EXPECT_EQ(error.code, ErrorCode::OutcomeUnknown);
    EXPECT_THAT(error.message, AllOf(HasSubstr("actor 1.0.0"), HasSubstr(crash.signal), HasSubstr("actor/act"),
                                     HasSubstr("inside the handler"), HasSubstr("Actor::")));
    EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
                AllOf(HasSubstr(crash.signal), HasSubstr("Actor::")));
    EXPECT_TRUE(serves(host)) << "the next instance does";
    EXPECT_EQ(snapshot_of(host, "actor").crashes, 1u);
  }
}

TEST_F(Failures, a_plugin_that_exits_in_a_handler_is_said_to_have_done_so) {
  Host host = start({actor()});

  const Error error = call(host, {.deed = Deed::Exit, .number = 7});

  EXPECT_EQ(error.code, ErrorCode::OutcomeUnknown);
  EXPECT_THAT(error.message, HasSubstr("exited by itself with code 7"));
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("exited by itself with code 7"));
  EXPECT_TRUE(serves(host));
}

TEST_F(Failures, an_idempotent_call_is_made_once_more_and_says_so) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::optional<Frozen> frozen;
  frozen.emplace(host, "actor");
  const auto first = snapshot_of(host, "actor");
  std::jthread caller{[&] {
    const auto reply = client.repeat(order({.number = 5}), {.deadline = 30s});
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), 5u);
    EXPECT_FALSE((*reply)->redelivered()) << "it was not begun";
  }};
  ASSERT_TRUE(await([&] { return host.snapshot().in_flight == 1; }));

  send_signal(pid_of(host, "actor"), SIGKILL);
  frozen.reset();
  caller.join();

  EXPECT_NE(snapshot_of(host, "actor").instance, first.instance);
}

TEST_F(Failures, a_request_that_ends_two_instances_is_never_sent_again) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();

  const auto reply = client.repeat(order({.deed = Deed::Exit, .number = 3}), {.deadline = 30s});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::OutcomeUnknown);
  EXPECT_THAT(reply.error().message, HasSubstr("the second instance"));
  EXPECT_TRUE(serves(host));
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 2u);
  EXPECT_EQ(receiver_of(host, "actor/repeat", "actor").redelivered, 1u);
}

TEST_F(Failures, a_request_is_not_sent_again_where_only_an_earlier_version_allows_it) {
  Host host = start({actor(), actor_2()});
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  auto client = host.client<actor::Client>().value();

  const auto reply = client.repeat(order({.deed = Deed::Exit, .number = 3}), {.deadline = 30s});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::OutcomeUnknown);
  EXPECT_TRUE(serves(host));
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 1u) << "it was done by one instance only";
  EXPECT_EQ(receiver_of(host, "actor/repeat", "actor").redelivered, 0u);
}

TEST_F(Failures, a_handler_that_hangs_costs_its_caller_the_deadline_and_the_instance_its_life) {
  Host host = start({actor()});

  const Error error = call(host, {.deed = Deed::Hang}, 20ms);

  EXPECT_EQ(error.code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(error.message, HasSubstr("actor/act"));
  const HostEvent ended = await_event(host, HostEventKind::Ended, "actor");
  EXPECT_THAT(ended.text, AllOf(HasSubstr("PluginStuck"), HasSubstr("past the deadline of a call")));
  EXPECT_TRUE(serves(host));
}

TEST_F(Failures, a_publication_that_hangs_its_handler_ends_the_instance_after_handler_max) {
  auto plugin = actor();
  plugin.handler_max = 100ms;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({.deed = Deed::Hang})));
  EXPECT_EQ(call(host, {}, 1ms).code, ErrorCode::DeadlineExceeded) << "whoever waits makes it suspected";

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("handler_max")));
  EXPECT_TRUE(serves(host));
}

TEST_F(Failures, a_nested_call_into_a_plugin_that_exits_is_an_unknown_outcome) {
  Host host = start({actor(), partner()});

  const Error error = call(host, {.deed = Deed::Ask, .number = 3, .then = Deed::Exit});

  EXPECT_EQ(error.code, ErrorCode::OutcomeUnknown);
  EXPECT_THAT(error.message, HasSubstr("partner"));
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 0u);
  await_event(host, HostEventKind::Active, "partner", await_event(host, HostEventKind::Ended, "partner").number);
  auto client = host.client<actor::Client>().value();
  EXPECT_TRUE(client.act(order({.deed = Deed::Ask}), {.deadline = 30s}));
}

class Mismatches : public HostTest {};

TEST_F(Mismatches, two_plugins_that_take_a_topic_for_different_types_do_not_start) {
  const auto host = Host::start(with({actor(), plugin("libhost_contrary.so")}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::SchemaMismatch);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("actor.news"), HasSubstr("stage.News"), HasSubstr("stage.Order")));
}

TEST_F(Mismatches, a_client_of_another_schema_is_refused) {
  Host host = start({actor()});

  const auto function = host.function<stage::Order, stage::Outcome>("actor/act", {1}, {2});
  const auto topic = host.publisher<stage::Order>("stage.orders", {1});

  EXPECT_EQ(function.error().code, ErrorCode::SchemaMismatch);
  EXPECT_THAT(function.error().message, AllOf(HasSubstr("actor/act"), HasSubstr("stage.Order")));
  EXPECT_EQ(topic.error().code, ErrorCode::SchemaMismatch);
}

TEST_F(Mismatches, what_nobody_declares_is_no_route) {
  Host host = start({actor()});

  const auto function = host.function<stage::Order, stage::Outcome>("actor/dance");
  const auto topic = host.publisher<stage::Order>("stage.fright");

  EXPECT_EQ(function.error().code, ErrorCode::NoSuchRoute);
  EXPECT_THAT(function.error().message, AllOf(HasSubstr("actor/dance"), HasSubstr("did you mean \"actor/act\"?")));
  EXPECT_EQ(topic.error().code, ErrorCode::NoSuchRoute);
}

}  // namespace
}  // namespace shunt::test
