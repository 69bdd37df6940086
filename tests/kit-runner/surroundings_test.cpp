// Calls that the plugin makes, its clock, and callers that go away.
#include "probe.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using namespace std::chrono_literals;

class RunnerSurroundings : public ProbeTest, public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(started_) << said(started_); }
};

TEST_F(RunnerSurroundings, a_call_gets_the_answers_that_the_test_gives_in_their_order) {
  probe_.answer<"oracle/answer">(response(100));
  probe_.answer_once<"oracle/answer">(response(1));
  probe_.answer_once<"oracle/answer">(error(ErrorCode::NotServing, "not today"));

  EXPECT_EQ((*probe_.call<"asks">(question(5)))->number(), 2);
  EXPECT_EQ(said(probe_.call<"asks">(question(6))), "NotServing: not today");
  EXPECT_EQ((*probe_.call<"asks">(question(7)))->number(), 101);
  EXPECT_EQ((*probe_.call<"asks">(question(8)))->number(), 101);

  const auto asked = probe_.called<"oracle/answer">();
  ASSERT_EQ(asked.size(), 4u);
  EXPECT_EQ(asked[1]->number(), 6);
  EXPECT_EQ(asked[1].allowed(), 49us) << "of 50, less the look at the clock that it took to ask";
  EXPECT_EQ(probe_.answers_held(), 0u);
}

TEST_F(RunnerSurroundings, a_call_that_nobody_answers_says_how_to_answer_it) {
  EXPECT_EQ(said(probe_.call<"asks">(question(5))),
            "NotServing: oracle/answer: nobody serves it in this test; say runner.answer<\"oracle/answer\">(...)");
}

TEST_F(RunnerSurroundings, an_answer_of_another_type_is_a_bad_payload) {
  probe_.answer<"oracle/answer">(std::vector<std::uint8_t>{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4});

  EXPECT_THAT(said(probe_.call<"asks">(question(5))),
              testing::StartsWith("BadPayload: oracle/answer answered 8 bytes that are not a probe.Respons"));
  EXPECT_EQ(probe_.answers_held(), 0u);
}

TEST_F(RunnerSurroundings, an_answer_that_takes_too_long_does_not_come) {
  probe_.answer<"oracle/answer">(response(1), {.takes = 51us});

  EXPECT_EQ(said(probe_.call<"asks">(question(5))),
            "DeadlineExceeded: oracle/answer: the deadline passed before the call was answered");
}

TEST_F(RunnerSurroundings, the_callers_deadline_is_that_of_its_calls_where_it_is_the_smaller) {
  probe_.answer<"oracle/answer">(response(1));

  ASSERT_TRUE(probe_.call<"asks">(question(5), {.deadline = 20us}));

  EXPECT_LE(probe_.called<"oracle/answer">()[0].allowed(), 20us);
  EXPECT_GT(probe_.called<"oracle/answer">()[0].allowed(), 10us) << "less the looks at the clock";
}

TEST_F(RunnerSurroundings, an_answer_of_the_test_that_throws_reaches_the_test) {
  probe_.answer<"oracle/answer">([](auto& build, const probe::Question&) -> flatbuffers::Offset<probe::Response> {
    static_cast<void>(build);
    throw std::logic_error("the test is wrong");
  });

  EXPECT_THROW(static_cast<void>(probe_.call<"asks">(question(5))), std::logic_error);
  EXPECT_EQ(said(probe_.call<"echo">(question(5))), "success");
}

TEST_F(RunnerSurroundings, a_plugin_that_waits_for_an_answer_runs_no_other_handler) {
  std::string nested;
  probe_.answer<"oracle/answer">([&](auto& build, const probe::Question&) {
    nested = said(probe_.call<"echo">(question(1)));
    return probe::CreateResponse(build, 1);
  });

  EXPECT_EQ(said(probe_.call<"asks">(question(5))), "success");
  EXPECT_EQ(nested, "WouldDeadlock: a handler or phase of probe runs: a plugin runs one at a time");
}

TEST_F(RunnerSurroundings, a_plugin_that_waits_for_an_answer_is_not_cleaned_up) {
  probe_.answer<"oracle/answer">([&](auto& build) {
    probe_.cleanup();
    return probe::CreateResponse(build, 1);
  });

  EXPECT_EQ(said(probe_.call<"asks">(question(5))),
            "WouldDeadlock: a handler or phase of probe runs: a plugin runs one at a time");
  EXPECT_EQ(said(probe_.call<"echo">(question(1))), "success") << "it serves on";
}

TEST_F(RunnerSurroundings, a_handler_knows_its_deadline_by_the_runners_clock) {
  ASSERT_TRUE(probe_.call<"describes">(question(1), {.deadline = 5us}));

  ASSERT_EQ(probe_.log().size(), 1u);
  EXPECT_TRUE(probe_.log()[0].text.ends_with("remaining 5000 ns")) << probe_.log()[0].text;
}

TEST_F(RunnerSurroundings, a_request_whose_deadline_has_passed_is_not_handled) {
  EXPECT_EQ(said(probe_.call<"describes">(question(1), {.deadline = 0us})),
            "DeadlineExceeded: the deadline passed before the handler was entered");
  EXPECT_TRUE(probe_.log().empty());
}

TEST_F(RunnerSurroundings, a_handler_hears_that_it_was_cancelled_or_redelivered) {
  EXPECT_EQ((*probe_.call<"describes">(question(1)))->number(), 1);
  EXPECT_EQ((*probe_.call<"describes">(question(1), {.cancelled_at_look = 1}))->number(), 0);
  EXPECT_EQ((*probe_.call<"describes">(question(1), {.cancelled_at_look = 2}))->number(), 1) << "it looks once";
  EXPECT_EQ((*probe_.call<"describes">(question(1), {.redelivered = true}))->number(), 0);
  EXPECT_EQ(said(probe_.call<"describes">(question(1), {.cancelled_at_look = 0})),
            "Cancelled: the caller cancelled before the handler was entered");
}

TEST_F(RunnerSurroundings, what_a_handler_calls_ends_with_the_call_that_it_is_for) {
  probe_.answer_once<"oracle/answer">([&](auto& build) {
    probe_.cancel();
    return probe::CreateResponse(build, 100);
  });

  EXPECT_EQ(said(probe_.call<"asks">(question(1))),
            "Cancelled: nobody waits for the answer to the outer call any more");
  EXPECT_EQ(probe_.answers_held(), 0u);

  probe_.answer<"oracle/answer">(response(100));
  EXPECT_EQ((*probe_.call<"asks">(question(1)))->number(), 101) << "the next is another";
}

TEST_F(RunnerSurroundings, the_clock_goes_on_when_it_is_looked_at_and_when_the_test_says_so) {
  const auto before = probe_.now();
  ASSERT_TRUE(probe_.call<"describes">(question(1)));
  const auto after = probe_.now();
  probe_.advance(7ms);

  EXPECT_GT(after, before);
  EXPECT_EQ(probe_.now() - after, 7ms);
}

}  // namespace
}  // namespace shunt::test
