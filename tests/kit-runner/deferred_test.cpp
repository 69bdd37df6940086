// Answers that a plugin defers: given by a later message, by a thread, or not at all.
#include "../host/keeper/keeper.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

/// Defers and forgets what it owes, also when it is cleaned up.
class Forgetful final : public keeper::Contract {
  shunt::Status init(const keeper::Config&) override { return {}; }
  void cleanup() noexcept override {}
  shunt::Status act(const shunt::Context&, const keeping::Order&, shunt::Reply<keeping::Outcome>& reply) override {
    SHUNT_TRY(later, reply.defer());
    owed_.push_back(std::move(later));
    return {};
  }
  shunt::Status repeat(const shunt::Context& context, const keeping::Order& order,
                       shunt::Reply<keeping::Outcome>& reply) override {
    return act(context, order, reply);
  }
  shunt::Status on_keeper_orders(const shunt::Context&, const shunt::Received<keeping::Order>&) override { return {}; }

  std::vector<shunt::Deferred<keeping::Outcome>> owed_;
};

class RunnerDeferred : public testing::Test {
 protected:
  using PendingOutcome = Pending<keeping::Outcome>;

  void SetUp() override { ASSERT_TRUE(keeper_.start()); }

  static auto order(Deed deed, std::uint64_t number = 0, std::chrono::nanoseconds pause = 0ns) {
    return [=](auto& build) { return keeping::CreateOrder(build, deed, number, pause.count()); };
  }
  PendingOutcome keep(std::uint64_t number, const RequestOptions& options = {}) {
    return keeper_.call_async<"act">(order(Deed::Keep, number), options);
  }
  std::string act(Deed deed, std::uint64_t number) { return said(keeper_.call<"act">(order(deed, number))); }
  template <typename T>
  static std::string said(const Result<Sent<T>>& result) {
    return result ? std::to_string((*result)->number()) : to_string(result.error());
  }

  Runner<Keeper> keeper_;
};

TEST_F(RunnerDeferred, an_answer_is_given_by_another_message_or_by_a_thread_of_the_plugin) {
  const auto first = keep(1);
  const auto second = keep(2);
  const auto third = keep(3);
  EXPECT_FALSE(first.ready());

  ASSERT_TRUE(keeper_.deliver<"keeper.orders">(order(Deed::Settle, 2)));
  EXPECT_EQ(act(Deed::Settle, 1), "1");
  EXPECT_EQ(act(Deed::SettleOnThread, 3), "3");

  EXPECT_TRUE(first.ready());
  EXPECT_EQ(said(first.get()), "1");
  EXPECT_EQ(said(second.get()), "2");
  EXPECT_EQ(said(third.get()), "3");
  EXPECT_EQ(said(keeper_.call_async<"act">(order(Deed::Echo, 4)).get()), "4") << "answered in its handler";
  EXPECT_EQ(keeper_.chunks_held(), 0u);
}

TEST_F(RunnerDeferred, an_answer_has_the_origin_of_its_request) {
  const auto first = keep(1, {.origin = 5ms});
  const auto second = keep(2);

  ASSERT_TRUE(keeper_.deliver<"keeper.orders">(order(Deed::Settle, 1), {.origin = 7ms}));
  ASSERT_TRUE(keeper_.deliver<"keeper.orders">(order(Deed::Settle, 2), {.origin = 7ms}));

  EXPECT_EQ(first.get().value().origin(), 5ms);
  EXPECT_EQ(second.get().value().origin(), std::nullopt);
}

TEST_F(RunnerDeferred, call_waits_for_what_a_thread_answers_and_no_longer_than_the_runner_has_patience) {
  Runner<Keeper> hasty(keeper::Config{}, {.patience = 1ms});
  ASSERT_TRUE(hasty.start());

  EXPECT_EQ(said(keeper_.call<"act">(order(Deed::KeepAndReturn, 7, 20ms))), "7");
  EXPECT_EQ(said(hasty.call<"act">(order(Deed::Keep, 7))),
            "DeadlineExceeded: keeper/act deferred its answer, and it did not come within 1 ms: what another message "
            "brings about is waited for with call_async()");
}

TEST_F(RunnerDeferred, one_that_is_dropped_fails_its_call_also_as_an_exception_passes) {
  const auto dropped = keep(1);
  EXPECT_EQ(act(Deed::Drop, 1), "1");
  const auto lost = keeper_.call_async<"act">(order(Deed::LoseAndThrow, 2));
  const auto kept = keeper_.call_async<"act">(order(Deed::KeepAndThrow, 3));
  EXPECT_FALSE(kept.ready()) << "the answer is owed, whatever its handler did then";
  EXPECT_EQ(act(Deed::Settle, 3), "3");

  EXPECT_EQ(said(dropped.get()), "PluginFailed: keeper/act deferred its answer and dropped it");
  EXPECT_EQ(said(lost.get()), "PluginFailed: keeper/act deferred its answer and dropped it");
  EXPECT_EQ(said(kept.get()), "3");
  EXPECT_EQ(keeper_.log().size(), 2u) << "what was thrown, twice";
}

TEST_F(RunnerDeferred, one_that_nobody_waits_for_any_more_is_over_and_the_plugin_hears_why) {
  const auto cancelled = keep(1);
  const auto timed_out = keep(2, {.deadline = 1s});
  const auto at_second_look = keep(3, {.cancelled_at_look = 2});
  EXPECT_EQ(act(Deed::IsCancelled, 1), "0");
  EXPECT_EQ(act(Deed::IsCancelled, 3), "0");

  EXPECT_TRUE(cancelled.cancel());
  EXPECT_FALSE(cancelled.cancel());
  keeper_.advance(1s);

  EXPECT_EQ(said(cancelled.get()), "Cancelled: the caller cancelled before the deferred answer came");
  EXPECT_EQ(said(timed_out.get()), "DeadlineExceeded: the deadline passed before the deferred answer came");
  for (const std::uint64_t number : {1, 2, 3}) EXPECT_EQ(act(Deed::IsCancelled, number), "1");
  EXPECT_TRUE(at_second_look.ready());
  EXPECT_EQ(act(Deed::Settle, 1), "Cancelled: nobody waits for the deferred answer any more");
  EXPECT_EQ(act(Deed::Settle, 2), "DeadlineExceeded: the deadline passed before the deferred answer was given");
  EXPECT_EQ(keeper_.chunks_held(), 0u);
}

TEST_F(RunnerDeferred, what_finds_no_room_is_owed_still) {
  const auto pending = keep(1);

  keeper_.fill_ring();
  const auto refused = keeper_.deliver<"keeper.orders">(order(Deed::Settle, 1));
  keeper_.fill_ring(false);

  EXPECT_THAT(to_string(refused.error()), HasSubstr("RingFull: "));
  EXPECT_FALSE(pending.ready());
  EXPECT_EQ(act(Deed::Settle, 1), "1");
  EXPECT_EQ(said(pending.get()), "1");
}

TEST_F(RunnerDeferred, a_failure_that_finds_no_room_fails_the_call_all_the_same) {
  const auto pending = keep(1);

  keeper_.fill_ring();
  EXPECT_THAT(act(Deed::Drop, 1), HasSubstr("RingFull: ")) << "its own answer";

  EXPECT_EQ(said(pending.get()), "PluginFailed: the deferred answer failed, and there was no room to say so");
}

TEST_F(RunnerDeferred, what_is_owed_at_the_cleanup_is_failed_and_who_waits_may_outlive_the_runner) {
  std::optional<PendingOutcome> pending;
  {
    Runner<Forgetful> forgetful;
    ASSERT_TRUE(forgetful.start());
    pending = forgetful.call_async<"act">(order(Deed::Keep, 1));
    EXPECT_FALSE(pending->ready());
  }

  EXPECT_EQ(said(pending->get()), "PluginFailed: the plugin was cleaned up before its deferred answer");
}

}  // namespace
}  // namespace shunt::test
