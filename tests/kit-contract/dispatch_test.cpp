// From a message of the C ABI to a typed handler and back, against a launcher in this process.
#include "fake_launcher.hpp"
#include "probe_messages.hpp"

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

int code(ErrorCode code) { return static_cast<int>(code); }

class Dispatch : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(launcher_.init({{"account", "a"}}).text, ""); }

  void expect_failure(ErrorCode code, std::string_view text) {
    EXPECT_EQ(launcher_.reply().count, 0);
    EXPECT_EQ(launcher_.failure().count, 1);
    EXPECT_EQ(name(static_cast<ErrorCode>(launcher_.failure().code)), name(code));
    EXPECT_EQ(launcher_.failure().text, text);
    EXPECT_EQ(launcher_.chunks_out(), 0);
  }

  FakeLauncher launcher_{shunt_plugin_descriptor};
};

TEST_F(Dispatch, a_request_reaches_its_handler_and_the_reply_travels_in_the_message) {
  launcher_.request(function("probe/echo"), question(41));

  ASSERT_EQ(launcher_.reply().count, 1);
  EXPECT_EQ(as_response(launcher_.reply().payload)->number(), 41);
  EXPECT_FALSE(launcher_.reply().in_chunk);
  EXPECT_EQ(launcher_.failure().count, 0);
  EXPECT_EQ(launcher_.loans(), 0);
}

TEST_F(Dispatch, a_large_reply_travels_in_a_chunk_that_fits_at_once_the_second_time) {
  launcher_.request(function("probe/large"), question(1000));
  const int first = launcher_.loans();
  launcher_.request(function("probe/large"), question(1000));

  EXPECT_EQ(launcher_.loans() - first, 1);
  ASSERT_EQ(launcher_.reply().count, 2);
  EXPECT_TRUE(launcher_.reply().in_chunk);
  EXPECT_EQ(as_response(launcher_.reply().payload)->numbers()->Get(999), 999u);
  EXPECT_EQ(launcher_.chunks_out(), 0);
}

TEST_F(Dispatch, a_reply_beyond_every_size_class_is_too_large) {
  launcher_.request(function("probe/large"), question(10'000));

  expect_failure(ErrorCode::TooLarge, "no size class fits");
}

TEST_F(Dispatch, a_used_up_pool_is_an_error_with_the_launchers_text) {
  launcher_.refuse_loans(code(ErrorCode::QuotaExceeded));

  launcher_.request(function("probe/large"), question(1000));

  expect_failure(ErrorCode::QuotaExceeded, "the pool is used up");
}

TEST_F(Dispatch, bytes_that_are_not_the_declared_type_never_reach_the_handler) {
  auto bytes = question(41);
  bytes[0] = 0xff;

  launcher_.request(function("probe/echo"), bytes);

  expect_failure(ErrorCode::BadPayload,
                 fmt::format("probe/echo: {} bytes that are not a probe.Question (schema {:016x}); build the sender "
                             "from the same schema",
                             bytes.size(), probe::kFunctions[function("probe/echo")].request.hash.value));
}

TEST_F(Dispatch, no_bytes_at_all_are_a_bad_payload) {
  launcher_.request(function("probe/echo"), {});

  EXPECT_EQ(launcher_.failure().code, code(ErrorCode::BadPayload));
}

TEST_F(Dispatch, every_truncation_of_a_request_is_refused_or_verified_but_never_crashes) {
  const auto whole = question(41, "some text");

  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    launcher_.request(function("probe/echo"), std::span(whole).first(bytes));

  EXPECT_EQ(launcher_.failure().count + launcher_.reply().count, static_cast<int>(whole.size()));
  EXPECT_GT(launcher_.failure().count, 0);
}

TEST_F(Dispatch, a_function_the_manifest_does_not_have_is_undeclared) {
  launcher_.request(probe::kFunctions.size(), question(1));

  EXPECT_EQ(launcher_.failure().code, code(ErrorCode::Undeclared));
  EXPECT_EQ(launcher_.failure().text, "no function 9: the manifest declares 9; launcher and plugin disagree about it");
}

TEST_F(Dispatch, success_without_a_reply_is_a_failure_of_the_plugin) {
  launcher_.request(function("probe/silent"), question(1));

  expect_failure(ErrorCode::PluginFailed,
                 "probe/silent returned success without a reply; call reply.send() or return an error");
}

TEST_F(Dispatch, a_second_reply_is_refused_and_the_caller_gets_the_first) {
  launcher_.request(function("probe/twice"), question(5));

  EXPECT_EQ(launcher_.reply().count, 1);
  EXPECT_EQ(launcher_.failure().count, 0);
  EXPECT_EQ(launcher_.log(),
            "probe/twice replied and then returned PluginFailed: probe/twice replied twice to one request");
}

TEST_F(Dispatch, an_exception_becomes_an_error_with_the_backtrace_of_its_throw) {
  launcher_.request(function("probe/throws"), question(1));

  expect_failure(ErrorCode::PluginFailed, "probe/throws threw: no such bar [backtrace]");
}

TEST_F(Dispatch, something_thrown_that_is_no_exception_is_contained_too) {
  launcher_.request(function("probe/throws"), question(-1));

  expect_failure(ErrorCode::PluginFailed, "probe/throws threw: something that is not a std::exception [backtrace]");
}

TEST_F(Dispatch, a_builder_that_throws_gives_its_loan_back) {
  launcher_.request(function("probe/throws-late"), question(1000));

  EXPECT_GT(launcher_.loans(), 0);
  expect_failure(ErrorCode::PluginFailed, "probe/throws-late threw: half built [backtrace]");
}

TEST_F(Dispatch, an_error_of_the_handler_goes_to_the_caller_as_it_is) {
  launcher_.request(function("probe/refuses"), question(1));

  expect_failure(ErrorCode::NotServing, "closed on Sundays");
}

TEST_F(Dispatch, a_nested_call_sends_its_request_and_reads_and_releases_the_answer) {
  launcher_.answer_calls(SHUNT_OK, response(100));

  launcher_.request(function("probe/asks"), question(5));

  EXPECT_EQ(launcher_.call().count, 1);
  EXPECT_EQ(launcher_.call().deadline_ns, FakeLauncher::kNow + 50'000);
  EXPECT_EQ(launcher_.answers_held(), 0);
  ASSERT_EQ(launcher_.reply().count, 1);
  EXPECT_EQ(as_response(launcher_.reply().payload)->number(), 101);
}

TEST_F(Dispatch, the_error_of_a_nested_call_goes_up_unchanged) {
  launcher_.answer_calls(code(ErrorCode::DeadlineExceeded), {}, "oracle/answer took too long");

  launcher_.request(function("probe/asks"), question(5));

  expect_failure(ErrorCode::DeadlineExceeded, "oracle/answer took too long");
}

TEST_F(Dispatch, a_nested_call_that_passed_its_deadline_names_whom_it_called) {
  launcher_.answer_calls(code(ErrorCode::DeadlineExceeded), {}, "the deadline passed before the call was answered");

  launcher_.request(function("probe/asks"), question(5));

  expect_failure(ErrorCode::DeadlineExceeded, "oracle/answer: the deadline passed before the call was answered");
}

TEST_F(Dispatch, an_answer_of_another_type_is_a_bad_payload_and_released) {
  const std::uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
  launcher_.answer_calls(SHUNT_OK, garbage);

  launcher_.request(function("probe/asks"), question(5));

  expect_failure(
      ErrorCode::BadPayload,
      fmt::format("oracle/answer answered 8 bytes that are not a probe.Response (schema {:016x}); build both "
                  "from the same schema",
                  probe::kCalls[0].reply.hash.value));
  EXPECT_EQ(launcher_.answers_held(), 0);
}

TEST_F(Dispatch, a_publication_reaches_its_handler_and_goes_on_from_there) {
  launcher_.publish(0, question(21));

  ASSERT_EQ(launcher_.publication().count, 1);
  EXPECT_EQ(as_response(launcher_.publication().payload)->number(), 42);
  EXPECT_EQ(launcher_.publication().key, 21u);
  EXPECT_FALSE(launcher_.publication().in_chunk);
}

TEST_F(Dispatch, a_small_payload_travels_in_a_chunk_where_the_sender_asks_for_one) {
  launcher_.publish(0, question(7));

  ASSERT_EQ(launcher_.publication().count, 1);
  EXPECT_TRUE(launcher_.publication().in_chunk);
  EXPECT_EQ(launcher_.chunks_out(), 0);
}

TEST_F(Dispatch, a_handler_of_a_topic_that_throws_is_reported) {
  launcher_.publish(0, question(13));

  expect_failure(ErrorCode::PluginFailed, "probe.questions threw: thirteen [backtrace]");
}

TEST_F(Dispatch, a_publication_that_does_not_verify_is_reported) {
  launcher_.publish(0, {});

  EXPECT_EQ(launcher_.failure().code, code(ErrorCode::BadPayload));
}

TEST_F(Dispatch, a_topic_the_manifest_does_not_have_is_undeclared) {
  launcher_.publish(1, question(1));

  EXPECT_EQ(launcher_.failure().code, code(ErrorCode::Undeclared));
}

TEST_F(Dispatch, the_context_tells_what_the_message_says) {
  launcher_.request(function("probe/describes"), question(1));
  EXPECT_EQ(as_response(launcher_.reply().payload)->number(), 1);
  EXPECT_EQ(launcher_.log(), "token 77 remaining 5000 ns");

  launcher_.request(function("probe/describes"), question(1), SHUNT_REDELIVERED);
  EXPECT_EQ(as_response(launcher_.reply().payload)->number(), 0);

  launcher_.set_cancelled(true);
  launcher_.request(function("probe/describes"), question(1));
  EXPECT_EQ(as_response(launcher_.reply().payload)->number(), 0);
}

}  // namespace
}  // namespace shunt::test
