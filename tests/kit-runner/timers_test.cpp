// Timers and origin times under the runner, whose clock its test drives: the pacer of the host's tests.
#include "../host/pacer/pacer.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gmock/gmock.h>

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using PacerRunner = shunt::test::Runner<Pacer>;

class RunnerTimers : public testing::Test {
 protected:
  RunnerTimers() { EXPECT_TRUE(pacer.start()); }

  shunt::Status act(std::string_view what, std::chrono::nanoseconds time = {}, std::uint32_t count = 0) {
    const auto reply = pacer.call<"act">([&](auto& build) {
      const auto text = build.CreateString(what.data(), what.size());
      return stage::CreateOrder(build, stage::Deed::Echo, 0, text, 0, count, stage::Deed::Echo, time.count());
    });
    return reply ? shunt::Status{} : tl::make_unexpected(reply.error());
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> result;
    for (const auto& each : pacer.published<"pacer.news">()) result.push_back(each->number());
    return result;
  }

  PacerRunner pacer;
};

TEST_F(RunnerTimers, they_run_when_the_test_lets_the_clock_go_on_and_nowhere_else) {
  ASSERT_TRUE(act("every", 5ms));

  pacer.advance(4ms);
  const auto early = numbers();
  pacer.advance(1ms);
  const auto due = numbers();
  pacer.advance(10ms);

  EXPECT_THAT(early, IsEmpty());
  EXPECT_THAT(due, ElementsAre(1));
  EXPECT_THAT(numbers(), ElementsAre(1, 2, 3));
}

TEST_F(RunnerTimers, they_run_in_the_order_in_which_they_are_due_and_the_older_first) {
  ASSERT_TRUE(act("in order"));

  pacer.advance(1s);

  EXPECT_THAT(numbers(), ElementsAre(1, 11, 2, 3));
}

TEST_F(RunnerTimers, each_runs_at_its_moment_however_far_the_clock_goes) {
  const auto before = pacer.now();
  ASSERT_TRUE(act("every", 10ms));

  pacer.advance(1s);

  const auto published = pacer.published<"pacer.news">();
  ASSERT_EQ(published.size(), 100u);
  long long due = 0;
  unsigned long long missed = 0;
  ASSERT_EQ(std::sscanf(published.back()->text()->c_str(), "%lld %llu", &due, &missed), 2);
  EXPECT_LE(due, (before + 1s + 10us).count());
  EXPECT_EQ(missed, 0u);
}

TEST_F(RunnerTimers, one_that_is_cancelled_or_was_to_come_once_does_not_come_again) {
  ASSERT_TRUE(act("after", 1ms));
  pacer.advance(1s);
  EXPECT_THAT(numbers(), ElementsAre(1));
  ASSERT_TRUE(act("every", 1ms));
  ASSERT_TRUE(act("stop"));

  pacer.advance(1s);

  EXPECT_THAT(numbers(), ElementsAre(1));
}

TEST_F(RunnerTimers, what_a_handler_throws_is_told_and_the_timer_goes_on) {
  ASSERT_TRUE(act("throw", 1ms));

  pacer.advance(3ms);

  ASSERT_EQ(pacer.timer_failures().size(), 3u);
  EXPECT_EQ(pacer.timer_failures()[0].code, shunt::ErrorCode::PluginFailed);
  EXPECT_THAT(pacer.timer_failures()[0].message, HasSubstr("on purpose"));
}

TEST_F(RunnerTimers, one_may_call_and_its_answer_comes_from_the_test) {
  pacer.answer<"tail/act">([](auto& build) { return stage::CreateOutcome(build, 9); });
  ASSERT_TRUE(act("ask", 1ms));

  pacer.advance(1ms);

  EXPECT_EQ(pacer.called<"tail/act">().size(), 1u);
  EXPECT_THAT(numbers(), ElementsAre(1));
}

TEST_F(RunnerTimers, there_are_none_after_cleanup_and_none_before_activate) {
  ASSERT_TRUE(act("every", 1ms));
  pacer.cleanup();

  pacer.advance(1s);

  EXPECT_THAT(numbers(), IsEmpty());
  PacerRunner early{pacer::Config{.start = "init"}};
  EXPECT_TRUE(early.start());
  const auto code = early.call<"act">(
      [](auto& build) { return stage::CreateOrder(build, stage::Deed::Echo, 0, build.CreateString("code")); });
  EXPECT_EQ((*code)->number(), static_cast<std::uint64_t>(shunt::ErrorCode::Undeclared));
}

TEST_F(RunnerTimers, an_origin_goes_along_calls_and_publications) {
  pacer.answer<"tail/act">([](auto& build) { return stage::CreateOutcome(build, 9); });
  const auto ask = [](auto& build) {
    return stage::CreateOrder(build, stage::Deed::Echo, 0, build.CreateString("chain"));
  };

  const auto reply = pacer.call<"act">(ask, {.origin = 77ns});
  ASSERT_TRUE(pacer.deliver<"stage.orders">([](auto& build) { return stage::CreateOrder(build); }, {.origin = 78ns}));
  ASSERT_TRUE(pacer.deliver<"stage.orders">(
      [](auto& build) { return stage::CreateOrder(build, stage::Deed::Echo, 0, build.CreateString("none")); },
      {.origin = 79ns}));

  EXPECT_THAT(reply->origin(), Optional(77ns));
  EXPECT_EQ((*reply)->text()->str(), "77 77");
  EXPECT_THAT(pacer.called<"tail/act">()[0].origin(), Optional(77ns));
  EXPECT_THAT(pacer.published<"pacer.news">()[0].origin(), Optional(78ns));
  EXPECT_EQ(pacer.published<"pacer.news">()[1].origin(), std::nullopt);
}

TEST_F(RunnerTimers, hints_are_there_for_the_handler) {
  const auto ask = [](auto& build) {
    return stage::CreateOrder(build, stage::Deed::Echo, 0, build.CreateString("hints"));
  };

  EXPECT_EQ((*pacer.call<"act">(ask, {.hints = "2;region=bj"}))->text()->str(), "2;region=bj");
  EXPECT_EQ((*pacer.call<"act">(ask))->text()->str(), "");
}

}  // namespace
