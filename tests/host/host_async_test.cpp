/// Calls that their caller does not wait for: asked after, taken, or with a callback.
#include "cast.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using Outcome = Result<Reply<stage::Outcome>>;
using PendingOutcome = Pending<stage::Outcome>;

/// Long enough that no test ends by it.
constexpr auto kHour = 1h;

class Started : public HostTest {
 protected:
  static bool nothing_in_flight(Host& host) {
    return await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; });
  }
};

TEST_F(Started, several_calls_are_on_their_way_at_once_and_answered_in_any_order) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::vector<PendingOutcome> pending;
  for (std::uint64_t i = 0; i < 50; ++i)
    pending.push_back(client.act_async(order({.number = i, .bytes = i % 2 == 0 ? 2000u : 0u})).value());

  for (std::uint64_t i = 50; i > 0; --i) {
    const Outcome reply = pending[i - 1].get();
    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), i - 1);
  }

  EXPECT_EQ(host.snapshot().in_flight, 0u);
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Started, a_slow_plugin_does_not_keep_one_from_the_answer_of_another) {
  Host host = start({actor(), partner()});
  auto slow =
      host.client<actor::Client>().value().act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour});
  auto fast = host.client<partner::Client>().value().act_async(order({.number = 7}), {.deadline = 30s});
  ASSERT_TRUE(slow && fast);

  const Outcome reply = fast->get();

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->number(), 7u);
  EXPECT_FALSE(slow->ready());
}

TEST_F(Started, a_call_becomes_ready_although_nobody_else_drains) {
  Host host = start({actor()});
  auto pending = host.client<actor::Client>().value().act_async(order({.number = 7}), {.deadline = kHour}).value();

  ASSERT_TRUE(await([&] { return pending.ready(); }));

  const Outcome reply = pending.get();
  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->number(), 7u);
}

TEST_F(Started, the_outcome_of_a_call_is_given_once_and_by_whoever_has_it) {
  Host host = start({actor()});
  auto first = host.client<actor::Client>().value().act_async(order({.number = 7}), {.deadline = 30s}).value();
  auto second = std::move(first);

  EXPECT_TRUE(first.ready());
  EXPECT_FALSE(first.cancel());
  EXPECT_EQ(first.get().error().code, ErrorCode::BadInput);
  EXPECT_TRUE(second.get());
  EXPECT_EQ(second.get().error().code, ErrorCode::BadInput);
  EXPECT_FALSE(second.cancel());
}

TEST_F(Started, a_deadline_passes_whether_one_waits_or_looks) {
  Host host = start({actor(), partner()});
  {
    const Frozen frozen_actor{host, "actor"};  // which would see the deadline, and say so first
    const Frozen frozen_partner{host, "partner"};
    auto looked_at = host.client<actor::Client>().value().act_async(order({}), {.deadline = 20ms});
    auto waited_for = host.client<partner::Client>().value().act_async(order({}), {.deadline = 20ms});
    ASSERT_TRUE(looked_at && waited_for);

    EXPECT_EQ(waited_for->get().error().code, ErrorCode::DeadlineExceeded);
    ASSERT_TRUE(await([&] { return looked_at->ready(); }));
    EXPECT_EQ(looked_at->get().error().code, ErrorCode::DeadlineExceeded);
  }

  EXPECT_TRUE(nothing_in_flight(host));
}

TEST_F(Started, one_call_more_than_in_flight_max_is_refused_until_a_cancelled_one_has_gone) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").in_flight_max = 3;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  std::vector<PendingOutcome> pending;
  pending.reserve(3);
  for (int i = 0; i < 3; ++i)
    pending.push_back(client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}).value());

  const auto refused = client.act_async(order({}));
  pending.clear();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(refused.error().message, HasSubstr("in_flight_max"));
  EXPECT_TRUE(await([&] { return client.act(order({}), {.deadline = 30s}).has_value(); }));
}

TEST_F(Started, the_calls_of_a_thread_that_ends_are_cancelled_but_for_those_it_has_given_away) {
  Host host = start({actor(), partner()});
  constexpr std::uint64_t kBegun = 0;  // as the handler publishes
  std::uint64_t heard = 99;
  const auto news =
      host.subscribe<stage::News>("actor.news", [&](Received<stage::News>& each) { heard = each->number(); });
  std::optional<PendingOutcome> given;

  std::jthread{[&] {
    auto kept = host.client<actor::Client>().value().act_async(order({.deed = Deed::TellCancelled, .number = 5}),
                                                               {.deadline = kHour});
    EXPECT_TRUE(kept);
    given.emplace(host.client<partner::Client>().value().act_async(order({.number = 6}), {.deadline = 30s}).value());
    EXPECT_TRUE(poll_until(host, [&] { return heard == kBegun; }));
  }}.join();

  EXPECT_TRUE(poll_until(host, [&] { return heard == 5; }));
  const Outcome reply = given->get();
  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->number(), 6u);
  EXPECT_TRUE(nothing_in_flight(host));
}

TEST_F(Started, a_call_into_a_plugin_that_dies_has_the_outcome_of_a_call) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  auto begun = client.act_async(order({.deed = Deed::Exit, .number = 3}), {.deadline = 30s}).value();
  auto behind = client.act_async(order({.number = 4}), {.deadline = 30s}).value();

  const Outcome unknown = begun.get();
  const Outcome reply = behind.get();

  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::OutcomeUnknown);
  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->number(), 4u) << "it was not begun: the next instance answers";
}

TEST_F(Started, a_call_is_answered_by_the_version_that_it_was_sent_to) {
  Host host = start({actor(), actor_2()});
  auto client = host.client<actor::Client>().value();
  auto before = client.act_async(order({}), {.deadline = 30s}).value();

  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  auto after = client.act_async(order({}), {.deadline = 30s}).value();

  EXPECT_EQ((*before.get())->version(), 1u);
  EXPECT_EQ((*after.get())->version(), 2u);
}

TEST_F(Started, calls_end_with_their_host_and_can_be_asked_after_it_is_gone) {
  auto plugin = actor();
  plugin.slots = 16;
  plugin.deadlines.cleanup = 100ms;  // its handler does not return
  std::optional<Host> host = start({plugin});
  auto client = host->client<actor::Client>().value();
  std::vector<PendingOutcome> pending;
  pending.push_back(client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}).value());
  for (int i = 0; i < 40; ++i) pending.push_back(client.act_async(order({}), {.deadline = kHour}).value());
  int ran = 0;
  auto unrun = client.act_async(order({}), {.deadline = kHour}, [&](const Outcome&) { ++ran; }).value();

  host.reset();

  for (auto& each : pending) {
    EXPECT_TRUE(each.ready());
    EXPECT_THAT(each.get().error().code, AnyOf(ErrorCode::OutcomeUnknown, ErrorCode::NotServing, ErrorCode::Stopped));
    EXPECT_FALSE(each.cancel());
  }
  EXPECT_FALSE(unrun.cancel());
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(client.act_async(order({})).error().code, ErrorCode::Stopped);
  EXPECT_EQ(client.act_async(order({}), {}, [&](const Outcome&) { ++ran; }).error().code, ErrorCode::Stopped);
}

TEST_F(Started, by_name_gives_the_bytes_to_who_asks_or_to_a_callback) {
  Host host = start({actor()});
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(order({.number = 9, .text = std::string(1000, 't')})(builder));
  const std::span<const std::uint8_t> request{builder.GetBufferPointer(), builder.GetSize()};
  std::vector<std::uint64_t> numbers;
  const auto number = [](const Result<ReceivedBytes>& bytes) {
    return flatbuffers::GetRoot<stage::Outcome>(bytes.value().bytes().data())->number();
  };

  auto pending = host.call_bytes_async("actor/act", request, {.deadline = 30s});
  const auto started = host.call_bytes_async("actor/act", request, {.deadline = 30s},
                                             [&](Result<ReceivedBytes> bytes) { numbers.push_back(number(bytes)); });

  ASSERT_TRUE(pending && started);
  EXPECT_EQ(number(pending->get()), 9u);
  EXPECT_TRUE(poll_until(host, [&] { return numbers.size() == 1; }));
  EXPECT_EQ(numbers.front(), 9u);
  EXPECT_EQ(host.call_bytes_async("actor/dance", request).error().code, ErrorCode::NoSuchRoute);
}

class Callbacks : public Started {};

TEST_F(Callbacks, run_in_poll_only_and_once) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 5; ++i)
    ASSERT_TRUE(client.act_async(order({.number = i}), {.deadline = 30s},
                                 [&](const Outcome& reply) { numbers.push_back(reply.value()->number()); }));

  EXPECT_TRUE(client.act(order({}), {.deadline = 30s})) << "behind them: this thread has drained their replies";
  EXPECT_TRUE(numbers.empty());
  const auto ran = host.poll();
  const auto again = host.poll();

  EXPECT_EQ(ran, 5u);
  EXPECT_EQ(again, 0u);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST_F(Callbacks, get_what_went_wrong) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  std::vector<ErrorCode> codes;
  const auto note = [&](const Outcome& reply) { codes.push_back(reply ? ErrorCode::Unknown : reply.error().code); };

  ASSERT_TRUE(client.act_async(order({.deed = Deed::Fail}), {.deadline = 30s}, note));
  ASSERT_TRUE(poll_until(host, [&] { return codes.size() == 1; }));
  {
    const Frozen frozen{host, "actor"};  // which would see the deadline, and say so first
    ASSERT_TRUE(client.act_async(order({}), {.deadline = 20ms}, note));
    ASSERT_TRUE(poll_until(host, [&] { return codes.size() == 2; }));
  }
  ASSERT_TRUE(client.act_async(order({.deed = Deed::Exit}), {.deadline = 30s}, note));
  ASSERT_TRUE(poll_until(host, [&] { return codes.size() == 3; }));

  EXPECT_EQ(codes, (std::vector{ErrorCode::BadInput, ErrorCode::DeadlineExceeded, ErrorCode::OutcomeUnknown}));
  EXPECT_TRUE(nothing_in_flight(host));
}

TEST_F(Callbacks, never_run_after_a_start_that_failed) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  ASSERT_TRUE(host.stop("actor"));
  const auto held = std::make_shared<int>(0);

  const auto started = client.act_async(order({}), {}, [held](const Outcome&) { ++*held; });

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::NotServing);
  EXPECT_EQ(host.poll(), 0u);
  EXPECT_EQ(*held, 0);
  EXPECT_EQ(held.use_count(), 1) << "it was let go";
}

TEST_F(Callbacks, may_call_and_start_calls_and_cancel_but_not_poll) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::optional<std::uint64_t> called, gotten, ended;
  std::optional<ErrorCode> polled, cancelled;
  std::optional<StartedCall> itself;

  itself = client
               .act_async(
                   order({.number = 1}), {.deadline = 30s},
                   [&](const Outcome&) {
                     polled = host.poll().error().code;
                     EXPECT_FALSE(itself->cancel());
                     called = client.act(order({.number = 2}), {.deadline = 30s}).value()->number();
                     auto pending = client.act_async(order({.number = 3}), {.deadline = 30s}).value();
                     gotten = pending.get().value()->number();
                     ASSERT_TRUE(client.act_async(order({.number = 4}), {.deadline = 30s},
                                                  [&](const Outcome& reply) { ended = reply.value()->number(); }));
                     auto other = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour},
                                                   [&](const Outcome& reply) { cancelled = reply.error().code; });
                     ASSERT_TRUE(other && other->cancel());
                     {
                       const auto let_go = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour});
                     }
                   })
               .value();
  ASSERT_TRUE(poll_until(host, [&] { return ended && cancelled; }));

  EXPECT_EQ(polled, ErrorCode::WouldDeadlock);
  EXPECT_EQ(called, 2u);
  EXPECT_EQ(gotten, 3u);
  EXPECT_EQ(ended, 4u);
  EXPECT_EQ(cancelled, ErrorCode::Cancelled);
  EXPECT_TRUE(nothing_in_flight(host));
}

TEST_F(Callbacks, that_wait_for_poll_are_so_many_at_most_and_one_call_more_is_refused) {
  constexpr std::size_t kMost = 8192;
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::size_t ran = 0;
  const auto count = [&](const Outcome& reply) { ran += reply ? 1 : 0; };
  for (std::size_t i = 1; i <= kMost; ++i) {
    ASSERT_TRUE(client.act_async(order({}), {.deadline = kHour}, count)) << i;
    if (i % 64 == 0) {
      ASSERT_TRUE(client.act(order({}), {.deadline = 30s})) << "behind them: this thread has drained their replies";
    }
  }

  const auto refused = client.act_async(order({.text = std::string(2000, 't')}), {}, count);
  auto without = client.act_async(order({}), {.deadline = 30s});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(refused.error().message, HasSubstr("poll()"));
  EXPECT_TRUE(without && without->get()) << "has no callback";
  EXPECT_EQ(ran, 0u);
  EXPECT_TRUE(poll_until(host, [&] { return ran == kMost; }));
  EXPECT_TRUE(client.act_async(order({}), {.deadline = 30s}, count));
  EXPECT_TRUE(poll_until(host, [&] { return ran == kMost + 1; }));
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Callbacks, that_throw_do_so_out_of_poll_and_leave_the_others_in_place) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  int ran = 0;
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s},
                               [](const Outcome&) { throw std::runtime_error("thrown on purpose"); }));
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s}, [&](const Outcome&) { ++ran; }));
  ASSERT_TRUE(client.act(order({}), {.deadline = 30s})) << "behind both";

  EXPECT_THROW(static_cast<void>(host.poll()), std::runtime_error);
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(host.poll(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST_F(Callbacks, wake_a_dispatcher_that_sleeps_whatever_the_outcome_is) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  std::array<std::atomic<int>, 3> outcomes{};
  const auto note = [&](const Outcome& reply) {
    ++outcomes[reply ? 0 : reply.error().code == ErrorCode::DeadlineExceeded ? 1 : 2];
  };
  std::jthread dispatcher([&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); });

  ASSERT_TRUE(client.act_async(order({}), {.deadline = kHour}, note));
  EXPECT_TRUE(await([&] { return outcomes[0] == 1; }));
  {
    const Frozen frozen{host, "actor"};  // which would see the deadline, and say so first
    ASSERT_TRUE(client.act_async(order({}), {.deadline = 20ms}, note));
    EXPECT_TRUE(await([&] { return outcomes[1] == 1; }));
  }
  auto started = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}, note);
  ASSERT_TRUE(started);
  EXPECT_TRUE(started->cancel());
  EXPECT_FALSE(started->cancel());
  EXPECT_TRUE(await([&] { return outcomes[2] == 1; }));

  EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; }));
}

TEST_F(Callbacks, that_wait_for_a_plugin_that_is_down_let_the_host_sleep) {
  PluginConfiguration actor_for_long = actor();
  actor_for_long.restart = {.delay_first = kHour, .delay_max = kHour};
  Host host = start({actor_for_long});
  auto client = host.client<actor::Client>().value();
  EXPECT_FALSE(client.act(order({.deed = Deed::Abort})));
  bool ran = false;
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 300ms}, [&](const Outcome&) { ran = true; }));

  int waits = 0;
  for (; !ran; ++waits) {
    host.wait(kHour);
    EXPECT_TRUE(host.poll());
  }

  EXPECT_LT(waits, 100) << "it looked for room in a ring that is not there";
}

TEST_F(Callbacks, that_never_ran_go_with_the_host_and_of_any_size) {
  std::optional<Host> host = start({actor()});
  auto client = host->client<actor::Client>().value();
  const auto held = std::make_shared<int>(0);
  const std::array<std::uint64_t, 32> large{1, 2, 3};
  std::uint64_t sum = 0;
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s},
                               [large, &sum](const Outcome&) { sum = large[0] + large[1] + large[2]; }));
  ASSERT_TRUE(poll_until(*host, [&] { return sum == 6; }));

  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s}, [held](const Outcome&) { ++*held; }));
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s}, [held, large](const Outcome&) { ++*held; }));
  host.reset();

  EXPECT_EQ(*held, 0);
  EXPECT_EQ(held.use_count(), 1) << "although a handle of the host is still here";
}

}  // namespace
}  // namespace shunt::test
