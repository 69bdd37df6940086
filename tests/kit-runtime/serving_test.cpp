#include "functions.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/plugin.h>

#include <cstring>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using bus::Kind;
using bus::Place;
using bus::Ring;
using control::Phase;

class Serving : public testing::TestWithParam<bus::Wait> {
 protected:
  Serving() : host_(with_wait()) {
    EXPECT_EQ(host_.start().code, 0);
    host_.activate();
  }

  static TestHostOptions with_wait() {
    auto options = abi_plugin();
    options.plugin_wait = GetParam();
    return options;
  }

  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(Waiting, Serving,
                         testing::Values(bus::Wait::Spin, bus::Wait::SpinThenSleep, bus::Wait::Sleep));

TEST_P(Serving, a_call_of_each_size_is_answered_and_cleanup_ends_the_process_with_0) {
  const std::string small(192, 's');
  const std::string large(5000, 'l');

  const Answer inline_answer = host_.call(kEcho, small);
  const Answer copied_answer = host_.call(kEcho, large);
  const Answer chunk_answer = host_.call(kEchoChunk, "tiny");
  const auto cleaned = host_.enter(Phase::Cleanup);
  const auto exited = host_.await_exit();

  EXPECT_EQ(inline_answer.text(), small);
  EXPECT_EQ(inline_answer.header.place, Place::Inline);
  EXPECT_EQ(copied_answer.text(), large);
  EXPECT_EQ(copied_answer.header.place, Place::Chunk);
  EXPECT_EQ(chunk_answer.text(), "tiny");
  EXPECT_EQ(chunk_answer.header.place, Place::Chunk);
  EXPECT_EQ(cleaned.code, 0);
  EXPECT_EQ(exited.code, 0);
  EXPECT_EQ(exited.signal, 0);
  EXPECT_EQ(host_.await_all_gone(), 0);
}

TEST_P(Serving, two_thousand_calls_leave_no_chunk_behind_at_either_end) {
  const std::string payload(1000, 'p');

  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(host_.call(i % 2 == 0 ? kEcho : kEchoChunk, payload).text(), payload);

  host_.call(kEcho);  // its reply comes after the chunk of the call before went back
  host_.await([&] { return host_.harvest(), host_.inbound().used_chunks() == 0; });
  host_.await([&] { return host_.lane().theirs().statistics.handled.load(std::memory_order_relaxed) == 2'001u; });
  EXPECT_EQ(host_.call(kLoanAll).failure().substr(0, 30), "no chunk for 256 bytes is left");
}

TEST_P(Serving, a_publication_comes_in_and_goes_out_in_the_name_of_what_caused_it) {
  const auto in = host_.send(Kind::Publication, kTopicIn, "news");

  const Answer out = host_.next(Ring::Data);

  EXPECT_EQ(out.text(), "news");
  EXPECT_EQ(out.header.kind, Kind::Publication);
  EXPECT_EQ(out.header.route, kTopicOut);
  EXPECT_EQ(out.header.parent, in);
}

TEST_P(Serving, a_nested_call_carries_its_parent_and_its_deadline_and_gets_its_answer) {
  const std::int64_t deadline = bus::now_ns() + 30'000'000'000;
  const auto outer = host_.send(Kind::Request, kCall, "ask", deadline);

  const Answer nested = host_.next(Ring::Data);
  host_.reply(nested.header, "inner answer");
  const Answer answer = host_.next(Ring::Reply);

  EXPECT_EQ(nested.header.route, kCalled);
  EXPECT_EQ(nested.header.parent, outer);
  EXPECT_EQ(nested.header.deadline_ns, deadline);
  EXPECT_EQ(nested.text(), "ask");
  EXPECT_EQ(answer.header.correlation, outer);
  EXPECT_EQ(answer.text(), "inner answer");
}

TEST_P(Serving, a_nested_call_that_fails_leaves_its_code_and_text) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(control::CreateFailureDirect(builder, "the limit is 7"));
  const std::string_view failure{reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
  host_.send(Kind::Request, kCall, "ask");

  host_.reply(host_.next(Ring::Data).header, failure, status(ErrorCode::BadPayload));
  const Answer answer = host_.next(Ring::Reply);
  host_.send(Kind::Request, kCall, "ask again");
  host_.reply(host_.next(Ring::Data).header, "not a Failure at all", status(ErrorCode::NotServing));
  const Answer unreadable = host_.next(Ring::Reply);

  EXPECT_EQ(answer.header.status, status(ErrorCode::BadPayload));
  EXPECT_EQ(answer.failure(), "the limit is 7");
  EXPECT_EQ(unreadable.header.status, status(ErrorCode::NotServing));
  EXPECT_EQ(unreadable.failure(), "NotServing");
}

TEST_P(Serving, a_nested_call_ends_at_its_deadline_and_its_late_answer_is_given_back) {
  host_.send(Kind::Request, kCall, "ask", bus::now_ns() + 50'000'000);
  const Answer nested = host_.next(Ring::Data);

  const Answer answer = host_.next(Ring::Reply);
  host_.reply(nested.header, std::string(1000, 'x'));
  const Answer echo = host_.call(kEcho, "still there");

  EXPECT_EQ(answer.header.status, status(ErrorCode::DeadlineExceeded));
  EXPECT_EQ(echo.text(), "still there");
  host_.await([&] { return host_.harvest(), host_.inbound().used_chunks() == 0; });
}

TEST_P(Serving, an_expired_request_is_answered_without_entering_its_handler) {
  host_.send(Kind::Request, kEcho, "too late", bus::now_ns() - 1);

  const Answer answer = host_.next(Ring::Reply);
  const Answer handled = host_.call(kHandled);

  EXPECT_EQ(answer.header.status, status(ErrorCode::DeadlineExceeded));
  std::uint64_t count = 0;
  std::memcpy(&count, handled.payload.data(), sizeof(count));
  EXPECT_EQ(count, 2u);  // init's 1 and this call
  EXPECT_EQ(host_.lane().theirs().statistics.expired.load(std::memory_order_relaxed), 1u);
}

TEST_P(Serving, a_running_handler_hears_that_it_was_cancelled) {
  const auto correlation = host_.send(Kind::Request, kWaitForCancel, "work");
  host_.await([&] { return host_.lane().sender.marks(Ring::Data).begun == 1; });

  host_.cancel(correlation);
  const Answer answer = host_.next(Ring::Reply);

  EXPECT_EQ(answer.header.status, status(ErrorCode::Cancelled));
  EXPECT_EQ(answer.failure(), "heard it");
}

TEST_P(Serving, another_thread_of_the_plugin_hears_of_a_cancel_that_the_serving_thread_has_not_seen) {
  const auto correlation = host_.send(Kind::Request, kWaitOnAnotherThread, "work");
  host_.await([&] { return host_.lane().sender.marks(Ring::Data).begun == 1; });

  host_.cancel(correlation);

  EXPECT_EQ(host_.next(Ring::Reply).failure(), "another thread heard it");
}

TEST_P(Serving, a_request_that_is_cancelled_in_the_queue_is_answered_as_that) {
  const auto running = host_.send(Kind::Request, kWaitForCancel, "work");
  host_.await([&] { return host_.lane().sender.marks(Ring::Data).begun == 1; });
  const auto queued = host_.send(Kind::Request, kEcho, "queued");

  host_.cancel(queued);
  host_.cancel(running);
  const Answer first = host_.next(Ring::Reply);
  const Answer second = host_.next(Ring::Reply);

  EXPECT_EQ(first.header.correlation, running);
  EXPECT_EQ(first.failure(), "heard it");
  EXPECT_EQ(second.header.correlation, queued);
  EXPECT_EQ(second.header.status, status(ErrorCode::Cancelled));
  EXPECT_EQ(second.failure(), "the caller cancelled before the handler was entered");
}

TEST_P(Serving, as_many_requests_as_the_ring_takes_are_passed_over_when_all_of_them_are_cancelled) {
  std::vector<std::uint64_t> requests{host_.send(Kind::Request, kWaitForCancel, "work")};
  host_.await([&] { return host_.lane().sender.marks(Ring::Data).begun == 1; });
  while (host_.lane().sender.has_room(Ring::Data)) requests.push_back(host_.send(Kind::Request, kWaitForCancel, ""));
  ASSERT_GT(requests.size(), 60u);

  for (std::size_t i = requests.size(); i > 0; --i) {
    host_.await([&] { return host_.lane().sender.has_room(Ring::Reply); });
    host_.cancel(requests[i - 1]);
  }

  for (const std::uint64_t request : requests) {
    const Answer answer = host_.next(Ring::Reply);
    EXPECT_EQ(answer.header.correlation, request);
    EXPECT_EQ(answer.header.status, status(ErrorCode::Cancelled));
  }
}

TEST_P(Serving, a_nested_call_ends_as_soon_as_the_outer_one_is_cancelled) {
  const auto outer = host_.send(Kind::Request, kCall, "question", bus::now_ns() + 3'600'000'000'000);
  const Answer nested = host_.next(Ring::Data);
  ASSERT_EQ(nested.header.parent, outer);

  host_.cancel(outer);
  const Answer answer = host_.next(Ring::Reply);
  host_.reply(nested.header, "too late");

  EXPECT_EQ(answer.header.correlation, outer);
  EXPECT_EQ(answer.header.status, status(ErrorCode::Cancelled));
  EXPECT_EQ(answer.failure(), "nobody waits for the answer to the outer call any more");
  EXPECT_EQ(host_.call(kEcho, "next").text(), "next");
}

TEST_P(Serving, what_cannot_be_served_is_refused_with_its_reason) {
  const Answer unknown = host_.call(999);
  const Answer silent = host_.call(kSilent);
  const Answer failed = host_.call(kFail);
  const Answer too_large = host_.call(kEchoChunk, std::string(65'536, 'x'));
  const Answer twice = host_.call(kAnswerTwice);
  host_.send(Kind::Publication, 999, "nobody listens");
  const Answer echo = host_.call(kEcho, "next");

  EXPECT_EQ(unknown.header.status, status(ErrorCode::NoSuchRoute));
  EXPECT_EQ(silent.header.status, status(ErrorCode::PluginFailed));
  EXPECT_EQ(silent.failure(), "the handler returned without an answer");
  EXPECT_EQ(failed.header.status, status(ErrorCode::PluginFailed));
  EXPECT_EQ(failed.failure(), "said so");
  EXPECT_EQ(too_large.header.status, 0);
  EXPECT_EQ(twice.text(), "once");
  EXPECT_EQ(echo.text(), "next");
}

TEST_P(Serving, a_publication_has_the_key_that_its_plugin_said_and_a_plugin_of_a_later_header_may_say_more) {
  const auto publish = [&](std::uint64_t key, std::uint64_t size) {
    const std::uint64_t said[] = {key, size, 0};
    return host_.call(kPublishKeyed, {reinterpret_cast<const char*>(said), sizeof said});
  };

  EXPECT_EQ(publish(0xfedcba9876543210u, 16).header.status, 0);
  EXPECT_EQ(publish(5, 4096).header.status, 0);
  const Answer refused = publish(6, 8);

  EXPECT_EQ(bus::key_of(host_.next(Ring::Data).header), 0xfedcba9876543210u);
  EXPECT_EQ(bus::key_of(host_.next(Ring::Data).header), 5u);
  EXPECT_EQ(refused.header.status, status(ErrorCode::BadInput));
  EXPECT_EQ(refused.failure(), "a shunt_publication of 8 bytes cannot be: the least has 16");
}

TEST_P(Serving, an_urgent_publication_comes_before_what_was_published_earlier) {
  const std::uint64_t said[] = {5, sizeof(shunt_publication), SHUNT_URGENT};
  host_.send(Kind::Request, kPublishKeyed, {reinterpret_cast<const char*>(said), sizeof said});

  const Answer published = host_.next(Ring::Reply);
  const Answer answer = host_.next(Ring::Reply);

  EXPECT_EQ(published.header.kind, Kind::Publication);
  EXPECT_EQ(published.header.flags, bus::flag::kUrgent);
  EXPECT_EQ(bus::key_of(published.header), 5u);
  EXPECT_EQ(published.text(), "keyed");
  EXPECT_EQ(answer.header.kind, Kind::Reply);
}

TEST_P(Serving, urgent_publications_wait_for_the_end_of_a_nested_call_and_their_marks_say_so) {
  const std::string large(1000, 'x');
  host_.send(Kind::Request, kCall, "ask");
  const Answer nested = host_.next(Ring::Data);
  host_.send(Kind::Publication, kTopicIn, "not urgent");
  host_.send_urgent(kTopicIn, "urgent");
  const auto second = host_.send_urgent(kTopicIn, large);
  auto& out = host_.lane().sender.ring_out(Ring::Reply);
  host_.await([&] { return out.refresh(), out.read_seen() == 2; });  // taken off the ring, which others may need

  EXPECT_EQ(host_.lane().sender.marks(Ring::Reply).begun, 0u);
  host_.reply(nested.header, "inner answer");

  EXPECT_EQ(host_.next(Ring::Reply).text(), "inner answer");
  EXPECT_EQ(host_.next(Ring::Data).text(), "urgent");
  const Answer large_one = host_.next(Ring::Data);
  EXPECT_EQ(large_one.text(), large);
  EXPECT_EQ(large_one.header.parent, second);
  EXPECT_EQ(host_.next(Ring::Data).text(), "not urgent");
  host_.await([&] { return host_.lane().sender.marks(Ring::Reply).done == 2; });  // of the answer there are no marks
  EXPECT_EQ(host_.lane().sender.marks(Ring::Reply).begun, 2u);
  host_.await([&] { return host_.harvest(), host_.inbound().used_chunks() == 0; });
}

TEST_P(Serving, the_key_of_a_publication_is_not_a_deadline_to_its_handler) {
  host_.send(Kind::Publication, kTopicIn, "with a key", 1);

  const Answer passed_on = host_.next(Ring::Data);

  EXPECT_EQ(passed_on.text(), "with a key");
  EXPECT_EQ(bus::key_of(passed_on.header), 0u) << "the plugin gave it none";
}

TEST(Backpressure, a_full_ring_is_waited_for_until_the_deadline_and_then_refused) {
  auto options = abi_plugin();
  options.slots = 16;
  TestHost host{options};
  host.start();
  host.activate();

  for (int i = 0; i < 16; ++i) host.send(Kind::Publication, kTopicIn, "fills the ring of data");
  host.send(Kind::Request, kCall, "does not fit", bus::now_ns() + 300'000'000);
  const Answer refused = host.next(Ring::Reply);
  host.send(Kind::Request, kPublish, "waits for room");
  for (int i = 0; i < 16; ++i) EXPECT_EQ(host.next(Ring::Data).text(), "fills the ring of data");
  const Answer published = host.next(Ring::Reply);

  EXPECT_EQ(refused.header.status, status(ErrorCode::RingFull)) << refused.failure();
  EXPECT_EQ(published.header.status, 0);
  EXPECT_EQ(host.next(Ring::Data).text(), "waits for room");
}

TEST(Backpressure, a_used_up_class_is_refused_at_the_plugin_until_samples_come_back) {
  TestHost host{abi_plugin()};
  host.start();
  host.activate();
  const std::string payload(1000, 'p');
  host.hold(true);

  const Answer first = host.call(kEchoChunk, payload);
  const Answer second = host.call(kEcho, payload);
  const Answer third = host.call(kEchoChunk, payload);
  const Answer fourth = host.call(kEcho, payload);
  host.hold(false);
  const Answer fifth = host.call(kEchoChunk, payload);

  EXPECT_EQ(first.text(), payload);
  EXPECT_EQ(second.text(), payload);
  EXPECT_EQ(third.header.status, status(ErrorCode::QuotaExceeded)) << third.failure();
  EXPECT_EQ(fourth.header.status, status(ErrorCode::PluginFailed)) << "the reply that did not fit counts as none";
  const bus::PoolStatistics& says = host.lane().theirs().pool;
  EXPECT_EQ(says.refused[1].load(std::memory_order_relaxed), 2u) << "in the class of the payload";
  EXPECT_EQ(says.refused[0].load(std::memory_order_relaxed), 0u);
  EXPECT_EQ(says.loaned[1].load(std::memory_order_relaxed), 0u) << "what was loaned was sent";
  EXPECT_EQ(fifth.text(), payload);
}

TEST(Backpressure, a_failure_that_finds_no_chunk_is_cut_to_fit_its_slot) {
  auto options = abi_plugin();
  options.outbound = {{512, 1}};
  TestHost host{options};
  host.start();
  host.activate();
  host.hold(true);
  host.call(kEchoChunk, std::string(300, 'p'));

  const Answer refused = host.call(kEchoChunk, std::string(1000, 'p'));

  EXPECT_EQ(refused.header.status, status(ErrorCode::TooLarge));
  EXPECT_EQ(refused.header.place, Place::Inline);
  EXPECT_TRUE(refused.failure().starts_with("1000 bytes fit no size class of this plugin's pool, the largest is 512"))
      << refused.failure();
}

}  // namespace
}  // namespace shunt::test
