/// Answers that come after their handlers: who gives them, what is said of them meanwhile, and what becomes of those
/// that nobody gives.
#include "functions.hpp"

#include <shunt/bus/clock.hpp>

#include <map>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using bus::Kind;
using bus::Ring;
using bus::Standing;
using control::Phase;

// NOLINTBEGIN(readability-identifier-naming): constants, as deferring_plugin.c has them
enum DeferringRoute : std::uint32_t {
  kDefer = 500,
  kSettle,
  kSettleOnThread,
  kDrop,
  kIsCancelled,
  kDeferToThread,
  kDeferInPlace,
  kEchoBack,
  kDeferOnceCancelled,
  kDeferToSlowThread,
  kEndOfDeferring
};
// NOLINTEND(readability-identifier-naming)

TestHostOptions deferring_plugin() {
  TestHostOptions options;
  options.plugin = DEFERRING_PLUGIN;
  for (std::uint32_t route = kDefer; route < kEndOfDeferring; ++route) options.functions.push_back(route);
  options.topics_in = {kTopicIn};
  return options;
}

class DeferringHost : public TestHost {
 public:
  explicit DeferringHost(const TestHostOptions& options) : TestHost(options) {
    EXPECT_EQ(start().code, 0);
    activate();
  }

  bus::LaneSender::Marks marks() { return lane().sender.marks(Ring::Data); }
  Standing standing(std::uint64_t position) { return lane().sender.standing(position); }
  /// Sends a request that is deferred, and waits until its handler is left.
  std::uint64_t defer(std::string_view payload = {}, std::int64_t deadline_ns = 0) {
    const std::uint64_t position = lane().sender.ring_out(Ring::Data).sent();
    const std::uint64_t correlation = send(Kind::Request, kDefer, payload, deadline_ns);
    await([&] { return standing(position) == Standing::Deferred; });
    return correlation;
  }
  void await_all_done() {
    await([&] { return marks().done == lane().sender.ring_out(Ring::Data).sent(); });
  }
};

class Deferring : public testing::TestWithParam<bus::Wait> {
 protected:
  static TestHostOptions options() {
    auto result = deferring_plugin();
    result.plugin_wait = GetParam();
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Waiting, Deferring,
                         testing::Values(bus::Wait::Spin, bus::Wait::SpinThenSleep, bus::Wait::Sleep));

TEST_P(Deferring, a_request_is_begun_and_not_done_until_another_handler_answers_it) {
  DeferringHost host{options()};
  const auto deferred = host.defer();
  EXPECT_EQ(host.marks().begun, 1u);
  EXPECT_EQ(host.marks().done, 0u);

  host.send(Kind::Request, kSettle, "0the answer");
  const Answer answer = host.next(Ring::Reply);
  const Answer outcome = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.route, kDefer);
  EXPECT_EQ(answer.text(), "the answer");
  EXPECT_EQ(outcome.text(), "done");
  host.await_all_done();
  EXPECT_EQ(host.standing(0), Standing::AsMarked);
  EXPECT_EQ(host.call(kEchoBack, "as ever").text(), "as ever");
}

TEST_P(Deferring, a_thread_of_the_plugin_answers_while_the_serving_thread_waits_for_it) {
  DeferringHost host{options()};
  const auto deferred = host.defer();

  host.send(Kind::Request, kSettleOnThread, "0from afar");
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.text(), "from afar");
  EXPECT_EQ(host.next(Ring::Reply).text(), "done");
  EXPECT_EQ(host.call(kSettleOnThread, "0again").text(), "there is no such deferred answer: it was given before");
}

TEST_P(Deferring, its_own_handler_can_give_the_answer_for_what_it_got) {
  DeferringHost host{options()};

  const Answer answer = host.call(kDeferInPlace);

  EXPECT_EQ(answer.text(), "in place");
  host.await_all_done();
}

TEST_P(Deferring, one_that_is_dropped_fails_and_what_came_behind_it_was_done_before) {
  DeferringHost host{options()};
  const auto deferred = host.defer();
  EXPECT_EQ(host.call(kEchoBack, "behind").text(), "behind");
  host.await([&] { return host.standing(1) == Standing::Done; });
  EXPECT_EQ(host.marks().done, 0u);

  host.send(Kind::Request, kDrop, "0");
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.status, status(ErrorCode::PluginFailed));
  EXPECT_EQ(answer.failure(), "dropped");
  EXPECT_EQ(host.next(Ring::Reply).text(), "done");
  host.await_all_done();
  EXPECT_EQ(host.standing(1), Standing::AsMarked);
}

TEST_P(Deferring, as_many_as_may_be_let_requests_wait_and_what_would_end_them_pass) {
  auto bounded = options();
  bounded.in_flight_max = 2;
  DeferringHost host{bounded};
  const auto first = host.defer();
  host.defer();

  const auto waiting = host.send(Kind::Request, kEchoBack, "my turn");
  host.await([&] { return host.standing(2) == Standing::Waiting; });
  host.send(Kind::Publication, kTopicIn, "0by a publication");
  const Answer answer = host.next(Ring::Reply);
  const Answer waited = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, first);
  EXPECT_EQ(answer.text(), "by a publication");
  EXPECT_EQ(waited.header.correlation, waiting);
  EXPECT_EQ(waited.text(), "my turn");
}

TEST_P(Deferring, a_request_that_waits_for_its_turn_beyond_its_deadline_is_answered_without_one) {
  auto bounded = options();
  bounded.in_flight_max = 1;
  DeferringHost host{bounded};
  host.defer();

  const auto late = host.send(Kind::Request, kEchoBack, "too late", bus::now_ns() + 20'000'000);
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, late);
  EXPECT_EQ(answer.header.status, status(ErrorCode::DeadlineExceeded));
}

TEST_P(Deferring, a_cancelled_one_is_answered_at_once_and_its_own_answer_finds_nobody) {
  DeferringHost host{options()};
  const auto deferred = host.defer();
  EXPECT_EQ(host.call(kIsCancelled, "0").text().substr(0, 2), "no");

  host.cancel(deferred);
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.status, status(ErrorCode::Cancelled));
  EXPECT_EQ(host.call(kIsCancelled, "0").text(), "yes");
  EXPECT_EQ(host.call(kSettle, "0late").text(), "nobody waits for the deferred answer any more");
  host.await_all_done();
}

TEST_P(Deferring, one_that_was_cancelled_before_it_was_deferred_is_answered_at_once_too) {
  DeferringHost host{options()};
  const auto deferred = host.send(Kind::Request, kDeferOnceCancelled, {});
  host.await([&] { return host.marks().begun == 1; });

  host.cancel(deferred);
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.status, status(ErrorCode::Cancelled));
  host.await_all_done();
}

TEST_P(Deferring, one_whose_deadline_passes_is_answered_while_the_plugin_does_nothing) {
  DeferringHost host{options()};

  const auto deferred = host.send(Kind::Request, kDefer, {}, bus::now_ns() + 1'000'000'000);
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.status, status(ErrorCode::DeadlineExceeded));
  EXPECT_EQ(host.call(kSettle, "0late").text(), "the deadline passed before the deferred answer was given");
  host.await_all_done();
}

TEST_P(Deferring, one_that_is_not_answered_does_not_hold_up_more_than_half_of_the_ring) {
  auto narrow = options();
  narrow.slots = 16;
  DeferringHost host{narrow};
  const auto deferred = host.defer();

  for (int i = 0; i < 100; ++i) ASSERT_EQ(host.call(kEchoBack, "passes").text(), "passes");
  EXPECT_GT(host.marks().done, 90u) << "it was let go";
  host.send(Kind::Request, kSettle, "0after all");

  const Answer answer = host.next(Ring::Reply);
  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.text(), "after all");
  EXPECT_EQ(host.next(Ring::Reply).text(), "done");
}

TEST_P(Deferring, an_eighth_of_the_chunks_of_a_class_stays_with_deferred_requests_and_more_go_back_at_once) {
  DeferringHost host{options()};
  const std::string in_a_chunk(250, 'c');
  for (int i = 0; i < 6; ++i) host.defer(in_a_chunk);
  host.await([&] { return host.harvest(), host.inbound().used_chunks() == 32 / 8; });

  for (const char* which : {"0", "1", "2", "3", "4", "5"}) {
    host.send(Kind::Request, kDrop, which);
    EXPECT_EQ(host.next(Ring::Reply).failure(), "dropped");
    EXPECT_EQ(host.next(Ring::Reply).text(), "done");
  }

  host.await([&] { return host.harvest(), host.inbound().used_chunks() == 0; });
}

TEST_P(Deferring, what_is_still_owed_when_the_plugin_is_cleaned_up_fails) {
  DeferringHost host{options()};
  const auto deferred = host.defer();

  host.enter(Phase::Cleanup);
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, deferred);
  EXPECT_EQ(answer.header.status, status(ErrorCode::PluginFailed));
  EXPECT_EQ(answer.failure(), "the plugin was cleaned up before its deferred answer");
  EXPECT_EQ(host.await_exit().code, 0);
}

TEST_P(Deferring, threads_that_answer_while_the_plugin_is_cleaned_up_and_gone_answer_each_request_once_or_not_at_all) {
  DeferringHost host{options()};
  std::map<std::uint64_t, std::string> asked;
  for (int i = 0; i < 40; ++i) {
    const auto payload = std::to_string(i % 10);
    asked.emplace(host.send(Kind::Request, kDeferToSlowThread, payload), payload);
  }
  host.await([&] { return host.marks().begun == 40; });

  EXPECT_EQ(host.enter(Phase::Cleanup).code, 0);

  while (!asked.empty()) {
    const Answer answer = host.next(Ring::Reply);
    const auto found = asked.find(answer.header.correlation);
    ASSERT_NE(found, asked.end()) << "answered twice";
    if (answer.header.status == 0) EXPECT_EQ(answer.text(), found->second);
    else EXPECT_EQ(answer.failure(), "the plugin was cleaned up before its deferred answer");
    asked.erase(found);
  }
  EXPECT_EQ(host.await_exit().code, 0);
  EXPECT_EQ(host.await_all_gone(), 0);
  EXPECT_FALSE(host.take_reply());
}

/// Four hundred requests, ten at a time, each answered by a thread of its own.
void expect_each_answered_once(DeferringHost& host) {
  std::map<std::uint64_t, std::string> asked;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 10; ++i) {
      const bool by_chunk = i % 2 == 0;
      const auto payload =
          fmt::format("{}{} {}", by_chunk ? "chunk" : "inline", std::string(by_chunk ? 200 : 1, '.'), i);
      asked.emplace(host.send(Kind::Request, kDeferToThread, payload), payload);
    }
    while (!asked.empty()) {
      const Answer answer = host.next(Ring::Reply);
      const auto found = asked.find(answer.header.correlation);
      ASSERT_NE(found, asked.end()) << "answered twice";
      ASSERT_EQ(answer.text(), found->second);
      asked.erase(found);
    }
  }
  host.await_all_done();
  host.await([&] { return host.harvest(), host.inbound().used_chunks() == 0; });
  EXPECT_EQ(host.lane().theirs().statistics.handled.load(std::memory_order_relaxed), 400u);
}

TEST_P(Deferring, threads_that_answer_all_at_once_answer_each_request_once) {
  auto many = options();
  many.outbound = {{256, 64}, {4096, 64}};
  DeferringHost host{many};

  expect_each_answered_once(host);
}

TEST_P(Deferring, so_they_do_for_several_workers) {
  auto many = options();
  many.outbound = {{256, 64}, {4096, 64}};
  many.workers = 3;
  DeferringHost host{many};

  expect_each_answered_once(host);
}

}  // namespace
}  // namespace shunt::test
