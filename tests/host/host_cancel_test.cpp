/// Cancelling a call: what its caller gets, what the plugins hear, and what becomes free.
#include "cast.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

using Outcome = Result<Reply<stage::Outcome>>;
using PendingOutcome = Pending<stage::Outcome>;

/// Long enough that nothing ends by it.
constexpr auto kHour = 1h;
/// What Deed::TellCancelled publishes first.
constexpr std::uint64_t kBegun = 0;

class Cancelling : public HostTest {
 protected:
  /// Numbers that a plugin published, while this thread polls.
  class Heard {
   public:
    Heard(Host& host, std::string_view topic)
        : subscription_(host.subscribe<stage::News>(
                                topic, [this](Received<stage::News>& news) { numbers_.push_back(news->number()); })
                            .value()) {}
    [[nodiscard]] bool has(std::uint64_t number) const { return std::ranges::count(numbers_, number) == 1; }
    [[nodiscard]] bool nothing() const { return numbers_.empty(); }

   private:
    std::vector<std::uint64_t> numbers_;
    Subscription subscription_;
  };

  static PendingOutcome begin(Host& host, const Order& what) {
    auto client = host.client<actor::Client>().value();
    const auto sent = snapshot_of(host, "actor").sent;
    auto pending = client.act_async(order(what), {.deadline = kHour}).value();
    EXPECT_TRUE(await([&] { return snapshot_of(host, "actor").sent > sent; }));
    return pending;
  }
  /// Of both plugins: calls that nothing but their answer ends.
  static void expect_serving(Host& host) {
    EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
    EXPECT_TRUE(host.client<actor::Client>().value().act(order({}), {.deadline = 30s}));
    if (!snapshot_of(host, "partner").plugin.empty()) {
      EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
    }
    EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
    for (const HostEvent& each : host.events()) EXPECT_NE(each.kind, HostEventKind::Ended) << each.text;
  }
};

TEST_F(Cancelling, a_call_in_its_handler_ends_it_and_gives_its_place_and_chunk_back) {
  Host host = start({actor()});
  Heard news{host, "actor.news"};
  auto pending = begin(host, {.deed = Deed::TellCancelled, .number = 5, .text = std::string(2000, 't')});
  ASSERT_TRUE(poll_until(host, [&] { return news.has(kBegun); }));

  EXPECT_TRUE(pending.cancel());
  EXPECT_FALSE(pending.cancel()) << "once is enough";
  EXPECT_TRUE(pending.ready());
  const Outcome outcome = pending.get();

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
  EXPECT_THAT(outcome.error().message, HasSubstr("actor/act"));
  EXPECT_TRUE(poll_until(host, [&] { return news.has(5); }));
  expect_serving(host);
}

TEST_F(Cancelling, by_letting_a_call_go_is_the_same) {
  Host host = start({actor()});
  Heard news{host, "actor.news"};

  {
    const auto pending = begin(host, {.deed = Deed::TellCancelled, .number = 5});
    ASSERT_TRUE(poll_until(host, [&] { return news.has(kBegun); }));
  }

  EXPECT_TRUE(poll_until(host, [&] { return news.has(5); }));
  expect_serving(host);
}

TEST_F(Cancelling, a_call_that_the_plugin_has_not_begun_keeps_its_handler_from_running) {
  Host host = start({actor()});
  Heard news{host, "actor.news"};
  auto client = host.client<actor::Client>().value();
  {
    const Frozen frozen{host, "actor"};
    auto cancelled = client.act_async(order({.deed = Deed::Publish, .number = 1}), {.deadline = kHour}).value();
    EXPECT_TRUE(cancelled.cancel());
  }

  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = 2}), {.deadline = 30s}));

  EXPECT_TRUE(poll_until(host, [&] { return news.has(2); }));
  EXPECT_FALSE(news.has(1));
  expect_serving(host);
}

TEST_F(Cancelling, a_call_that_waits_in_the_host_gives_everything_back_at_once) {
  auto plugin = actor();
  plugin.slots = 16;
  auto configuration = with({plugin});
  route(configuration, "actor/act").payload = PayloadPlace::Chunk;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  {
    const Frozen frozen{host, "actor"};
    std::vector<PendingOutcome> pending;
    pending.reserve(40);
    for (int i = 0; i < 40; ++i) pending.push_back(client.act_async(order({}), {.deadline = kHour}).value());
    const auto waiting = receiver_of(host, "actor/act", "actor").waiting;
    ASSERT_GE(waiting, 20u);
    ASSERT_EQ(chunks_in_use(host), 40u);

    for (auto each = pending.rbegin(); each != pending.rend(); ++each) EXPECT_TRUE(each->cancel());

    EXPECT_EQ(receiver_of(host, "actor/act", "actor").waiting, 0u);
    EXPECT_EQ(host.snapshot().in_flight, 40 - waiting) << "those that the plugin has count until it has heard";
    EXPECT_EQ(chunks_in_use(host), 40 - waiting);
  }

  expect_serving(host);
}

TEST_F(Cancelling, more_calls_than_a_plugin_has_room_to_be_told_of_ends_all_of_them) {
  auto plugin = actor();
  plugin.slots = 64;
  plugin.handler_max = kHour;
  Host host = start({plugin});
  auto client = host.client<actor::Client>().value();
  {
    const Frozen frozen{host, "actor"};
    std::vector<PendingOutcome> pending;
    pending.reserve(60);
    for (int i = 0; i < 60; ++i)
      pending.push_back(client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}).value());
    ASSERT_EQ(receiver_of(host, "actor/act", "actor").waiting, 0u) << "all of them are in its ring";

    pending.clear();

    EXPECT_EQ(host.snapshot().in_flight, 60u);
  }

  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
  expect_serving(host);
}

TEST_F(Cancelling, a_call_ends_the_one_that_its_handler_waits_for_on_both_ends) {
  Host host = start({actor(), partner()});
  Heard of_actor{host, "actor.news"};
  Heard of_partner{host, "partner.news"};
  auto pending = begin(host, {.deed = Deed::AskAndTell, .number = 5, .then = Deed::TellCancelled});
  ASSERT_TRUE(poll_until(host, [&] { return of_partner.has(kBegun); }));

  EXPECT_TRUE(pending.cancel());

  EXPECT_EQ(pending.get().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(poll_until(host, [&] { return of_partner.has(5); })) << "`cancelled()` turned true there";
  EXPECT_TRUE(poll_until(host, [&] { return of_actor.has(static_cast<std::uint64_t>(ErrorCode::Cancelled)); }))
      << "and this is what the handler's own call gave";
  expect_serving(host);
}

TEST_F(Cancelling, a_call_ends_a_nested_one_that_the_other_plugin_has_not_begun) {
  Host host = start({actor(), partner(0)});
  Heard of_actor{host, "actor.news"};
  Heard of_partner{host, "partner.news"};
  {
    const Frozen frozen{host, "partner"};
    auto pending = begin(host, {.deed = Deed::AskAndTell, .number = 5, .then = Deed::Publish});
    ASSERT_TRUE(await([&] { return static_cast<void>(host.poll()), snapshot_of(host, "partner").sent == 1; }));

    EXPECT_TRUE(pending.cancel());

    EXPECT_TRUE(poll_until(host, [&] { return of_actor.has(static_cast<std::uint64_t>(ErrorCode::Cancelled)); }));
  }

  expect_serving(host);
  EXPECT_TRUE(of_partner.nothing());
}

TEST_F(Cancelling, a_call_ends_two_plugins_that_wait_for_each_other) {
  Host host = start({actor(), partner()});
  auto pending = begin(host, {.deed = Deed::Ask, .then = Deed::Ask});
  // The third stands in the ring of the actor, which runs no other handler while it waits for the partner.
  ASSERT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 3; }));

  EXPECT_TRUE(pending.cancel());

  expect_serving(host);
}

TEST_F(Cancelling, is_what_the_death_of_a_caller_does_to_what_it_called) {
  Host host = start({actor(), partner()});
  Heard of_partner{host, "partner.news"};
  auto pending = begin(host, {.deed = Deed::Ask, .number = 5, .then = Deed::TellCancelled});
  ASSERT_TRUE(poll_until(host, [&] { return of_partner.has(kBegun); }));

  send_signal(pid_of(host, "actor"), SIGKILL);

  EXPECT_EQ(pending.get().error().code, ErrorCode::OutcomeUnknown);
  EXPECT_TRUE(poll_until(host, [&] { return of_partner.has(5); }));
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
}

TEST_F(Cancelling, a_call_keeps_it_from_the_next_instance_too) {
  Host host = start({actor()});
  Heard news{host, "actor.news"};
  auto client = host.client<actor::Client>().value();
  {
    const Frozen frozen{host, "actor"};
    auto cancelled = client.repeat_async(order({.deed = Deed::Publish, .number = 1}), {.deadline = kHour}).value();
    auto kept = client.repeat_async(order({.deed = Deed::Publish, .number = 2}), {.deadline = 30s}).value();
    EXPECT_TRUE(cancelled.cancel());

    send_signal(pid_of(host, "actor"), SIGKILL);
    EXPECT_TRUE(kept.get());
  }

  EXPECT_TRUE(poll_until(host, [&] { return news.has(2); }));
  EXPECT_FALSE(news.has(1));
  EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; }));
}

TEST_F(Cancelling, a_call_to_a_version_that_is_being_replaced_lets_the_switch_end) {
  Host host = start({actor(), actor_2()});
  auto client = host.client<actor::Client>().value();
  auto pending = begin(host, {.deed = Deed::UntilCancelled});
  std::optional<Status> switched;
  std::jthread switcher{[&] { switched = host.switch_to("actor", "2.0.0"); }};
  await_event(host, HostEventKind::Switched, "actor");

  EXPECT_TRUE(pending.cancel()) << "no route leads to that version any more";
  switcher.join();

  ASSERT_TRUE(switched->has_value()) << to_string(switched->error());
  EXPECT_EQ(client.act(order({}), {.deadline = 30s}).value()->version(), 2u);
}

TEST_F(Cancelling, a_call_wakes_the_thread_that_waits_for_it_however_it_waits) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  for (const auto wait : {bus::Wait::Spin, bus::Wait::SpinThenSleep, bus::Wait::Sleep}) {
    auto pending = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour, .wait = wait}).value();
    std::optional<ErrorCode> code;
    std::atomic<bool> waits = false;
    std::jthread waiter{[&] {
      waits = true;
      code = pending.get().error().code;
    }};
    ASSERT_TRUE(await([&] { return waits.load(); }));

    EXPECT_TRUE(pending.cancel());
    waiter.join();

    EXPECT_EQ(code, ErrorCode::Cancelled);
  }
  expect_serving(host);
}

TEST_F(Cancelling, a_call_wakes_one_that_waits_while_another_thread_leads) {
  Host host = start({actor(), partner()});
  auto other = host.client<partner::Client>().value();
  auto led = other.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}).value();
  auto followed = begin(host, {.deed = Deed::UntilCancelled});
  std::vector<std::jthread> waiters;
  for (PendingOutcome* each : {&led, &followed})
    waiters.emplace_back([each] { EXPECT_EQ(each->get().error().code, ErrorCode::Cancelled); });

  EXPECT_TRUE(followed.cancel());
  EXPECT_TRUE(led.cancel());
  waiters.clear();

  expect_serving(host);
}

/// What `start` started. Calls that are cancelled at once fill the ring of a plugin that has no processor for a while.
template <class Start>
auto when_there_is_room(Host& host, Start start) {
  auto call = start();
  while (!call && (call.error().code == ErrorCode::RingFull || call.error().code == ErrorCode::QuotaExceeded)) {
    static_cast<void>(host.poll());
    std::this_thread::yield();
    call = start();
  }
  if (!call) throw std::runtime_error(call.error().message);
  return std::move(*call);
}

TEST_F(Cancelling, a_call_while_its_reply_comes_gives_one_of_both_and_breaks_nothing) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  const std::size_t rounds = scaled(20'000);
  std::size_t replies = 0;
  std::size_t cancelled = 0;
  std::size_t callbacks = 0;
  std::size_t wrong = 0;
  std::atomic<PendingOutcome*> to_cancel = nullptr;
  std::jthread canceller([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (PendingOutcome* const pending = to_cancel) {
        pending->cancel();
        to_cancel = nullptr;
      }
  });

  for (std::size_t i = 0; i < rounds; ++i) {
    const Order what{.deed = i % 2 == 0 ? Deed::Echo : Deed::Ask, .number = i, .bytes = i % 3 == 0 ? 1000u : 0u};
    auto pending = when_there_is_room(host, [&] { return client.act_async(order(what), {.deadline = 30s}); });
    auto started = when_there_is_room(
        host, [&] { return client.act_async(order(what), {.deadline = 30s}, [&](const Outcome&) { ++callbacks; }); });
    to_cancel = &pending;
    const Outcome outcome = pending.get();
    if (outcome) ++replies;
    else if (outcome.error().code == ErrorCode::Cancelled) ++cancelled;
    if (outcome && (*outcome)->number() != i) ++wrong;
    while (to_cancel != nullptr) std::this_thread::yield();
    if (i % 2 == 0) started.cancel();
    static_cast<void>(host.poll());
  }
  canceller.request_stop();
  canceller.join();

  EXPECT_EQ(replies + cancelled, rounds);
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(poll_until(host, [&] { return callbacks == rounds; })) << "each once";
  expect_serving(host);
}

TEST_F(Cancelling, calls_around_a_death_gives_each_of_them_one_outcome_and_leaves_nothing) {
  auto caller = actor();
  auto callee = partner();
  for (PluginConfiguration* const each : {&caller, &callee})
    each->restart = {.delay_first = 1ms, .delay_max = 1ms, .crashes_max = 1000};
  Host host = start({caller, callee});
  auto client = host.client<actor::Client>().value();
  std::size_t started = 0;
  std::size_t ended = 0;

  for (std::size_t kill = 0; kill < scaled(200); ++kill) {
    std::vector<PendingOutcome> pending;
    std::vector<StartedCall> with_callback;
    for (std::size_t i = 0; i < 16; ++i) {
      const auto what = order({.deed = i % 2 == 0 ? Deed::Ask : Deed::Echo, .bytes = i % 3 == 0 ? 1000u : 0u});
      pending.push_back(client.act_async(what, {.deadline = 30s}).value());
      with_callback.push_back(client.repeat_async(what, {.deadline = 30s}, [&](const Outcome&) { ++ended; }).value());
      ++started;
    }
    for (std::size_t i = 0; i < kill % 16; ++i) {
      static_cast<void>(host.poll());
      pending[i].cancel();
    }
    send_signal(pid_of(host, kill % 2 == 0 ? "actor" : "partner"), SIGKILL);
    for (std::size_t i = 0; i < 16; i += 3) with_callback[i].cancel();
    for (std::size_t i = 1; i < 16; i += 3) pending[i].cancel();

    for (PendingOutcome& each : pending) {
      if (const Outcome outcome = each.get(); !outcome) {
        EXPECT_NE(outcome.error().code, ErrorCode::DeadlineExceeded) << outcome.error().message;
      }
      EXPECT_FALSE(each.cancel()) << "it has had its outcome";
    }
    ASSERT_TRUE(await([&] { return client.act(order({.deed = Deed::Ask}), {.deadline = 30s}).has_value(); }))
        << "both serve again";
  }

  EXPECT_TRUE(poll_until(host, [&] { return ended >= started; }));
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), host.snapshot().in_flight == 0; }));
  EXPECT_EQ(ended, started);
  EXPECT_TRUE(await([&] { return static_cast<void>(host.poll()), chunks_in_use(host) == 0; }));
}

}  // namespace
}  // namespace shunt::test
