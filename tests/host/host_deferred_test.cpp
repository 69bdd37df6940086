/// Answers that plugins defer: what their callers get, and what becomes of them when an instance is replaced, stopped
/// or killed.
#include "cast.hpp"
#include "keeper_client.hpp"

#include <csignal>
#include <optional>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using Keeping = keeping::Deed;

class Deferring : public HostTest {
 protected:
  using Outcome = Result<Reply<keeping::Outcome>>;
  using PendingOutcome = Pending<keeping::Outcome>;

  static PluginConfiguration keeper() { return plugin("libhost_keeper.so"); }
  static PluginConfiguration keeper_2() { return plugin("libhost_keeper-2.so"); }

  static auto order(Keeping deed, std::uint64_t number = 0, std::chrono::nanoseconds pause = 0ns) {
    return
        [=](flatbuffers::FlatBufferBuilder& build) { return keeping::CreateOrder(build, deed, number, pause.count()); };
  }
  static keeper::Client client(Host& host) { return host.client<keeper::Client>().value(); }
  static Outcome act(Host& host, Keeping deed, std::uint64_t number = 0) {
    return client(host).act(order(deed, number), {.deadline = 30s});
  }
  /// Calls that are deferred, each with its handler behind it.
  static PendingOutcome keep(Host& host, std::uint64_t number, std::chrono::nanoseconds deadline = 1h) {
    auto pending = client(host).act_async(order(Keeping::Keep, number), {.deadline = deadline}).value();
    EXPECT_TRUE(act(host, Keeping::Echo)) << "what comes behind it is done";
    // It has answered; that its handler is left it says a moment later.
    EXPECT_TRUE(await([&] {
      const auto seen = snapshot_of(host, "keeper");
      return seen.done + seen.deferred == seen.sent;
    }));
    return pending;
  }
  static PendingOutcome keep_repeatable(Host& host, std::uint64_t number) {
    auto pending = client(host).repeat_async(order(Keeping::Keep, number), {.deadline = 1h}).value();
    EXPECT_TRUE(act(host, Keeping::Echo));
    return pending;
  }
  static void expect_idle(Host& host) {
    EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
    EXPECT_TRUE(await([&] { return snapshot_of(host, "keeper").done == snapshot_of(host, "keeper").sent; }));
    EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
  }
};

TEST_F(Deferring, a_call_is_answered_by_a_later_handler_or_by_a_thread_of_the_plugin) {
  Host host = start({keeper()});
  auto first = keep(host, 1);
  auto second = keep(host, 2);
  EXPECT_FALSE(first.ready());

  ASSERT_TRUE(act(host, Keeping::Settle, 2));
  ASSERT_TRUE(act(host, Keeping::SettleOnThread, 1));

  EXPECT_EQ(first.get().value()->number(), 1u);
  EXPECT_EQ(second.get().value()->number(), 2u);
  expect_idle(host);
}

TEST_F(Deferring, an_answer_has_the_origin_of_its_request_and_not_of_whoever_gives_it) {
  constexpr std::chrono::nanoseconds kStamp{1'234'567'890'123'456};
  Host host = start({keeper()});
  const auto keep_of = [&](std::uint64_t number, Origin origin) {
    return client(host).act_async(order(Keeping::Keep, number), {.deadline = 1h, .origin = origin}).value();
  };
  auto by_handler = keep_of(1, Origin::at(kStamp));
  auto by_thread = keep_of(2, Origin::at(kStamp));
  auto without = keep_of(3, {});

  for (const std::uint64_t number : {1, 3})
    ASSERT_TRUE(client(host).act(order(Keeping::Settle, number), {.deadline = 30s, .origin = Origin::at(7ns)}));
  ASSERT_TRUE(act(host, Keeping::SettleOnThread, 2));

  EXPECT_EQ(by_handler.get().value().origin(), kStamp);
  EXPECT_EQ(by_thread.get().value().origin(), kStamp);
  EXPECT_EQ(without.get().value().origin(), std::nullopt);
}

TEST_F(Deferring, one_that_is_dropped_fails_the_call) {
  Host host = start({keeper()});
  auto pending = keep(host, 1);

  ASSERT_TRUE(act(host, Keeping::Drop, 1));
  const Outcome outcome = pending.get();

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::PluginFailed);
  EXPECT_THAT(outcome.error().message, HasSubstr("keeper/act deferred its answer and dropped it"));
  expect_idle(host);
}

TEST_F(Deferring, a_handler_that_throws_afterwards_leaves_the_answer_to_who_has_it) {
  Host host = start({keeper()});
  auto kept = client(host).act_async(order(Keeping::KeepAndThrow, 1), {.deadline = 1h}).value();
  auto lost = client(host).act_async(order(Keeping::LoseAndThrow, 2), {.deadline = 1h}).value();

  const Outcome dropped = lost.get();
  ASSERT_TRUE(act(host, Keeping::Settle, 1));

  ASSERT_FALSE(dropped);
  EXPECT_THAT(dropped.error().message, HasSubstr("dropped it"));
  EXPECT_EQ(kept.get().value()->number(), 1u);
  expect_idle(host);
}

TEST_F(Deferring, one_whose_deadline_passes_is_over_and_no_reason_to_end_the_plugin) {
  auto plugin = keeper();
  plugin.handler_max = 250ms;  // much shorter than the answer is owed
  Host host = start({plugin});
  const auto instance = snapshot_of(host, "keeper").instance;

  const Outcome outcome = client(host).act(order(Keeping::Keep, 1), {.deadline = 1s});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
  EXPECT_EQ(act(host, Keeping::IsCancelled, 1).value()->number(), 1u);
  const Outcome late = act(host, Keeping::Settle, 1);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().code, AnyOf(ErrorCode::DeadlineExceeded, ErrorCode::Cancelled))
      << "whichever it hears first";
  EXPECT_EQ(snapshot_of(host, "keeper").instance, instance);
  expect_idle(host);
}

TEST_F(Deferring, one_that_is_cancelled_gives_its_place_back_and_its_keeper_hears_of_it) {
  Host host = start({keeper()});
  auto cancelled = keep(host, 1);
  auto other = keep(host, 2);

  EXPECT_TRUE(cancelled.cancel());

  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 1; }));
  EXPECT_EQ(act(host, Keeping::IsCancelled, 1).value()->number(), 1u);
  EXPECT_EQ(act(host, Keeping::IsCancelled, 2).value()->number(), 0u);
  ASSERT_TRUE(act(host, Keeping::Settle, 2));
  EXPECT_TRUE(other.get());
  expect_idle(host);
}

TEST_F(Deferring, beyond_as_many_as_may_be_calls_wait_until_one_is_answered) {
  auto plugin = keeper();
  plugin.in_flight_max = 2;
  Host host = start({plugin});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto first = client(host).act_async(order(Keeping::Keep, 1), {.deadline = 1h}).value();
  auto second = client(host).act_async(order(Keeping::Keep, 2), {.deadline = 1h}).value();
  auto third = client(host).act_async(order(Keeping::Echo, 3), {.deadline = 1h}).value();

  ASSERT_TRUE(orders.publish(order(Keeping::Echo)));
  EXPECT_TRUE(await([&] { return snapshot_of(host, "keeper").held_chunks == 0; }));
  EXPECT_FALSE(third.ready());
  ASSERT_TRUE(orders.publish(order(Keeping::Settle, 2))) << "what ends one passes those that wait";

  EXPECT_EQ(second.get().value()->number(), 2u);
  EXPECT_EQ(third.get().value()->number(), 3u);
  ASSERT_TRUE(act(host, Keeping::Settle, 1));
  EXPECT_TRUE(first.get());
  expect_idle(host);
}

TEST_F(Deferring, a_switch_waits_for_the_answers_of_the_old_version) {
  Host host = start({keeper(), keeper_2()});
  auto pending = client(host).act_async(order(Keeping::KeepAndReturn, 1, 300ms), {.deadline = 1h}).value();
  ASSERT_TRUE(act(host, Keeping::Echo));

  const auto switched = host.switch_to("keeper", "2.0.0");

  ASSERT_TRUE(switched) << to_string(switched.error());
  ASSERT_TRUE(pending.ready()) << "the switch was done after it";
  EXPECT_EQ(pending.get().value()->version(), 1u);
  EXPECT_EQ(act(host, Keeping::Echo).value()->version(), 2u);
}

TEST_F(Deferring, a_switch_is_undone_when_an_answer_does_not_come_within_the_deadline_of_the_drain) {
  auto old = keeper();
  old.deadlines.drain = 200ms;
  Host host = start({old, keeper_2()});
  auto pending = keep(host, 1);

  const auto switched = host.switch_to("keeper", "2.0.0");

  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(switched.error().message, HasSubstr("calls in flight: 1"));
  ASSERT_TRUE(act(host, Keeping::Settle, 1));
  EXPECT_EQ(pending.get().value()->version(), 1u);
}

TEST_F(Deferring, a_stop_cuts_off_what_is_owed_at_its_deadline_and_its_caller_hears_so) {
  Host host = start({keeper()});
  auto pending = keep(host, 1);

  const auto stopped = host.stop("keeper", 200ms);
  const Outcome outcome = pending.get();

  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::DeadlineExceeded);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::OutcomeUnknown);
  EXPECT_THAT(outcome.error().message, HasSubstr("did not finish what it had within 200 ms"));
}

TEST_F(Deferring, a_stop_waits_for_what_is_owed) {
  Host host = start({keeper()});
  auto pending = client(host).act_async(order(Keeping::KeepAndReturn, 1, 300ms), {.deadline = 1h}).value();
  ASSERT_TRUE(act(host, Keeping::Echo));

  const auto stopped = host.stop("keeper", kPatience);

  ASSERT_TRUE(stopped) << to_string(stopped.error());
  ASSERT_TRUE(pending.ready()) << "the stop was done after it";
  EXPECT_EQ(pending.get().value()->number(), 1u);
  EXPECT_THAT(host.crashes(), testing::IsEmpty());
}

TEST_F(Deferring, a_function_is_drained_when_its_answers_were_given_and_no_sooner) {
  Host host = start({keeper()});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto pending = keep(host, 1);

  const auto late = host.drain("keeper/act", 50ms);
  ASSERT_TRUE(orders.publish(order(Keeping::Settle, 1)));
  const auto drained = host.drain("keeper/act", kPatience);

  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("calls in flight: 1"));
  ASSERT_TRUE(drained) << to_string(drained.error());
  EXPECT_EQ(pending.get().value()->number(), 1u);
}

TEST_F(Deferring, a_stop_of_the_function_cancels_what_is_owed_at_its_deadline_and_the_keeper_hears_so) {
  Host host = start({keeper()});
  auto pending = keep(host, 1);
  const auto instance = snapshot_of(host, "keeper").instance;

  const auto stopped = host.stop("keeper/act", 50ms);
  const Outcome outcome = pending.get();

  EXPECT_FALSE(stopped);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
  const auto cancelled = client(host).repeat(order(Keeping::IsCancelled, 1), {.deadline = 30s});
  EXPECT_EQ(cancelled.value()->number(), 1u);
  EXPECT_EQ(snapshot_of(host, "keeper").instance, instance);
}

TEST_F(Deferring, a_topic_is_drained_also_while_its_plugin_owes_an_answer) {
  Host host = start({keeper()});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto pending = keep(host, 1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(orders.publish(order(Keeping::Echo)));

  const auto drained = host.drain("keeper.orders", kPatience);

  ASSERT_TRUE(drained) << to_string(drained.error());
  EXPECT_FALSE(pending.ready());
  ASSERT_TRUE(act(host, Keeping::Settle, 1));
  EXPECT_TRUE(pending.get());
}

TEST_F(Deferring, a_snapshot_tells_how_many_answers_are_owed_and_what_is_done_behind_them) {
  Host host = start({keeper()});
  auto first = keep(host, 1);
  auto second = keep(host, 2);

  EXPECT_TRUE(await([&] { return snapshot_of(host, "keeper").done == 2; })) << "what was called behind each";
  EXPECT_EQ(snapshot_of(host, "keeper").sent, 4u);
  EXPECT_EQ(snapshot_of(host, "keeper").deferred, 2u);

  ASSERT_TRUE(act(host, Keeping::Settle, 2));
  ASSERT_TRUE(act(host, Keeping::Settle, 1));
  expect_idle(host);
  EXPECT_EQ(snapshot_of(host, "keeper").deferred, 0u);
}

TEST_F(Deferring, a_plugin_that_hangs_is_found_although_it_owes_answers) {
  auto plugin = keeper();
  plugin.handler_max = 250ms;
  Host host = start({plugin});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto pending = keep(host, 1);

  const Frozen frozen{host, "keeper"};
  ASSERT_TRUE(orders.publish(order(Keeping::Echo)));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "keeper").text, HasSubstr("within handler_max"));
  EXPECT_EQ(pending.get().error().code, ErrorCode::OutcomeUnknown);
}

TEST_F(Deferring, a_plugin_that_says_it_deferred_and_lets_the_deadline_pass_is_found) {
  auto plugin = keeper();
  plugin.grace = 50ms;
  Host host = start({plugin});
  auto pending = keep(host, 1, 1s);

  const Frozen frozen{host, "keeper"};

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "keeper").text,
              HasSubstr("it deferred an answer and sent none, past the deadline of a call of \"keeper/act\""));
  EXPECT_FALSE(pending.get());
}

TEST_F(Deferring, a_death_makes_the_outcome_unknown_and_what_may_be_done_again_is) {
  Host host = start({keeper()});
  auto once = keep(host, 1);
  auto repeated = keep_repeatable(host, 2);
  const auto first = snapshot_of(host, "keeper").instance;

  send_signal(pid_of(host, "keeper"), SIGKILL);
  const Outcome unknown = once.get();
  EXPECT_TRUE(await([&] { return snapshot_of(host, "keeper").instance != first; }));
  EXPECT_TRUE(await([&] { return act(host, Keeping::Settle, 2).has_value(); })) << "it was sent to the next instance";
  const Outcome again = repeated.get();

  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::OutcomeUnknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("keeper/act"));
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ((*again)->number(), 2u);
  EXPECT_TRUE((*again)->redelivered());
  EXPECT_EQ(receiver_of(host, "keeper/repeat", "keeper").redelivered, 1u);
  expect_idle(host);
}

TEST_F(Deferring, what_was_done_behind_a_deferred_one_is_done_after_a_death_and_what_waited_is_not_begun) {
  auto plugin = keeper();
  plugin.in_flight_max = 1;
  Host host = start({plugin});
  auto orders = host.publisher<keeping::Order>("keeper.orders").value();
  auto kept = client(host).act_async(order(Keeping::Keep, 1), {.deadline = 1h}).value();
  auto waits = client(host).act_async(order(Keeping::Echo, 2), {.deadline = 1h}).value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(orders.publish(order(Keeping::Echo)));
  auto expired = client(host).act(order(Keeping::Echo, 3), {.deadline = 50ms});
  ASSERT_FALSE(expired) << "by its answer all before it had their turn";
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 2; }));

  send_signal(pid_of(host, "keeper"), SIGKILL);
  const Outcome unknown = kept.get();
  const Outcome answered = waits.get();

  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::OutcomeUnknown);
  ASSERT_TRUE(answered) << to_string(answered.error());
  EXPECT_FALSE((*answered)->redelivered()) << "it was not begun";
  EXPECT_EQ(receiver_of(host, "keeper.orders", "keeper").unknown, 0u);
  EXPECT_EQ(receiver_of(host, "keeper/act", "keeper").unknown, 1u);
  expect_idle(host);
}

}  // namespace
}  // namespace shunt::test
