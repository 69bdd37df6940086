/// Several workers: what runs side by side, what does not, and who takes what while others wait.
#include "functions.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using bus::Kind;
using bus::Ring;
using control::Phase;

// NOLINTBEGIN(readability-identifier-naming): constants, as working_plugin.c has them
enum WorkingRoute : std::uint32_t {
  kMeet = 600,
  kCallOut,
  kUntilCancelled,
  kEchoBack,
  kTogether,
  kLeave,
  kEndOfWorking
};
// NOLINTEND(readability-identifier-naming)
constexpr std::uint32_t kOtherTopicIn = kTopicIn + 1;
constexpr std::uint32_t kOtherTopicOut = kTopicOut + 1;

using Heard = std::pair<std::uint32_t, unsigned>;

class WorkingHost : public TestHost {
 public:
  explicit WorkingHost(const TestHostOptions& options) : TestHost(options) {
    EXPECT_EQ(start().code, 0);
    activate();
  }

  std::uint64_t request(std::uint32_t route, std::string_view payload = {}) {
    return send(Kind::Request, route, payload, bus::now_ns() + 60'000'000'000);
  }
  bus::LaneSender::Marks marks() { return lane().sender.marks(Ring::Data); }
  void await_all_done() {
    await([&] { return marks().done == lane().sender.ring_out(Ring::Data).sent(); });
  }
  void await_begun(std::uint64_t count) {
    await([&] { return marks().begun >= count; });
  }

  /// A publication with its number; its handler ends when `met` handlers of kMeet were entered.
  void publish(std::uint32_t topic, unsigned number, unsigned met = 0) {
    send(Kind::Publication, topic, body(number, met));
  }
  void publish_urgent(std::uint32_t topic, unsigned number, unsigned met = 0) { send_urgent(topic, body(number, met)); }
  /// The next that comes out: on which topic, and its number.
  Heard heard() {
    const Answer out = next(Ring::Data);
    unsigned number = 0;
    std::memcpy(&number, out.payload.data(), sizeof number);
    return {out.header.route, number};
  }
  bus::LaneSender::Marks urgent_marks() { return lane().sender.marks(Ring::Reply); }

 private:
  static std::string body(unsigned number, unsigned met) {
    const std::array<unsigned, 2> numbers{number, met};
    return {reinterpret_cast<const char*>(numbers.data()), met == 0 ? sizeof number : sizeof numbers};
  }
};

unsigned number_in(const Answer& out) {
  unsigned number = 0;
  EXPECT_EQ(out.payload.size(), sizeof number);
  std::memcpy(&number, out.payload.data(), std::min(out.payload.size(), sizeof number));
  return number;
}

std::array<unsigned, 256> filled_with(unsigned number) {
  std::array<unsigned, 256> words;
  words.fill(number);
  return words;
}

class Workers : public testing::TestWithParam<bus::Wait> {
 protected:
  static TestHostOptions options(std::uint32_t workers) {
    TestHostOptions result;
    result.plugin = WORKING_PLUGIN;
    result.outbound = {{256, 8}, {4096, 8}};  // answers in chunks, and one for each worker
    for (std::uint32_t route = kMeet; route < kEndOfWorking; ++route) result.functions.push_back(route);
    result.calls = {kCalled};
    result.topics_in = {kTopicIn, kOtherTopicIn};
    result.topics_out = {kTopicOut, kOtherTopicOut};
    result.last_wills = {0};
    result.workers = workers;
    result.plugin_wait = GetParam();
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Waiting, Workers,
                         testing::Values(bus::Wait::Spin, bus::Wait::SpinThenSleep, bus::Wait::Sleep));

TEST_P(Workers, run_as_many_handlers_at_one_time_as_there_are_and_no_more) {
  WorkingHost host{options(3)};
  std::vector<std::uint64_t> running;
  running.reserve(3);
  for (int i = 0; i < 3; ++i) running.push_back(host.request(kUntilCancelled));
  host.await_begun(3);
  const auto waits = host.request(kEchoBack, "my turn");

  host.cancel(running[1]);  // all are busy: one of them hears it for the other
  const Answer cancelled = host.next(Ring::Reply);
  const Answer answered = host.next(Ring::Reply);

  EXPECT_EQ(cancelled.header.correlation, running[1]);
  EXPECT_EQ(cancelled.failure(), "heard it");
  EXPECT_EQ(answered.header.correlation, waits);
  EXPECT_EQ(answered.text(), "my turn");
  for (const std::size_t each : {0u, 2u}) {
    host.cancel(running[each]);
    EXPECT_EQ(host.next(Ring::Reply).header.correlation, running[each]);
  }
  host.await_all_done();
}

TEST_P(Workers, meet_in_their_handlers) {
  WorkingHost host{options(4)};

  for (int i = 0; i < 4; ++i) host.request(kMeet, "4");

  for (int i = 0; i < 4; ++i) EXPECT_EQ(host.next(Ring::Reply).text(), "met");
}

TEST_P(Workers, get_each_the_answer_to_their_own_call_in_whatever_order_these_come) {
  WorkingHost host{options(3)};
  std::map<std::uint64_t, std::string> outer;
  for (const char* text : {"a", "b", "c"}) outer.emplace(host.request(kCallOut, text), text);
  std::vector<Answer> nested;
  nested.reserve(3);
  for (int i = 0; i < 3; ++i) nested.push_back(host.next(Ring::Data));

  for (auto call = nested.rbegin(); call != nested.rend(); ++call) {
    ASSERT_TRUE(outer.contains(call->header.parent));
    host.reply(call->header, call->text() + std::string(300, '!'));
  }

  for (int i = 0; i < 3; ++i) {
    const Answer answer = host.next(Ring::Reply);
    EXPECT_EQ(answer.text(), outer.at(answer.header.correlation) + std::string(300, '!'));
  }
  host.await_all_done();
  host.await([&] { return host.harvest(), host.inbound().used_chunks() == 0; });
}

TEST_P(Workers, take_what_comes_while_others_wait_for_answers) {
  WorkingHost host{options(2)};
  const auto outer = host.request(kCallOut, "question");
  const Answer nested = host.next(Ring::Data);

  for (int i = 0; i < 50; ++i) ASSERT_EQ(host.call(kEchoBack, "meanwhile").text(), "meanwhile");
  host.reply(nested.header, "answer");
  const Answer answer = host.next(Ring::Reply);

  EXPECT_EQ(answer.header.correlation, outer);
  EXPECT_EQ(answer.text(), "answer");
  host.await_all_done();
}

TEST_P(Workers, handle_what_is_published_on_a_topic_in_order_and_one_at_a_time) {
  constexpr unsigned kCount = 300;
  auto wide = options(4);
  wide.outbound = {{256, 64}};
  WorkingHost host{wide};
  std::map<std::uint32_t, unsigned> next{{kTopicOut, 1}, {kOtherTopicOut, 1}};
  std::size_t replies = 0;

  for (unsigned number = 1; number <= kCount; ++number) {
    const std::string_view payload{reinterpret_cast<const char*>(&number), sizeof number};
    for (const std::uint32_t topic : {std::uint32_t{kTopicIn}, kOtherTopicIn}) {
      host.await([&] { return host.lane().sender.has_room(Ring::Data); });
      host.send(Kind::Publication, topic, payload);
    }
    host.await([&] { return host.lane().sender.has_room(Ring::Data); });
    host.request(kEchoBack, "between");
    while (host.take_reply()) ++replies;
    while (next[kTopicOut] + next[kOtherTopicOut] < 2 * number) {
      const Answer out = host.next(Ring::Data);
      unsigned said = 0;
      std::memcpy(&said, out.payload.data(), sizeof said);
      ASSERT_EQ(said, next[out.header.route]++) << "on " << out.header.route;
    }
  }

  while (next[kTopicOut] + next[kOtherTopicOut] < 2 * (kCount + 1)) {
    const Answer out = host.next(Ring::Data);
    ++next[out.header.route];
  }
  while (replies < kCount) replies += host.take_reply() ? 1 : 0;
  host.await_all_done();
}

TEST_P(Workers, handle_an_urgent_publication_beside_what_runs_and_before_what_waits) {
  WorkingHost host{options(2)};
  std::vector<std::uint64_t> running;
  running.reserve(2);
  for (int i = 0; i < 2; ++i) running.push_back(host.request(kUntilCancelled));
  host.await_begun(2);
  for (unsigned number = 1; number <= 5; ++number) host.publish(kOtherTopicIn, number);
  host.publish_urgent(kTopicIn, 1);

  host.cancel(running[0]);

  EXPECT_EQ(host.heard(), Heard(kTopicOut, 1u)) << "the first worker that is free has it";
  for (unsigned number = 1; number <= 5; ++number) EXPECT_EQ(host.heard(), Heard(kOtherTopicOut, number));
  host.publish_urgent(kTopicIn, 2);
  EXPECT_EQ(host.heard(), Heard(kTopicOut, 2u)) << "while the other one is still in its handler";
  host.cancel(running[1]);
  host.await_all_done();
}

TEST_P(Workers, never_handle_an_urgent_publication_beside_another_of_its_topic) {
  WorkingHost host{options(3)};
  host.publish(kTopicIn, 1, 1);
  host.await_begun(1);
  host.publish(kTopicIn, 3);  // of which the plugin would see that it came before the urgent one
  host.publish_urgent(kTopicIn, 2);
  host.publish(kOtherTopicIn, 1);
  EXPECT_EQ(host.heard(), Heard(kOtherTopicOut, 1u)) << "what is of another topic has its turn";
  EXPECT_EQ(host.urgent_marks().begun, 0u);

  host.request(kMeet, "1");

  for (unsigned number = 1; number <= 3; ++number) EXPECT_EQ(host.heard(), Heard(kTopicOut, number));
  host.await_all_done();
}

TEST_P(Workers, handle_urgent_publications_one_at_a_time_and_their_marks_say_so) {
  WorkingHost host{options(3)};
  host.publish_urgent(kTopicIn, 1, 1);
  host.await([&] { return host.urgent_marks().begun == 1; });

  host.publish_urgent(kOtherTopicIn, 1);
  host.publish(kOtherTopicIn, 2);  // of its topic, and behind it
  ASSERT_EQ(host.call(kEchoBack, "meanwhile").text(), "meanwhile");
  EXPECT_EQ(host.urgent_marks().begun, 1u);
  EXPECT_EQ(host.urgent_marks().done, 0u);
  host.request(kMeet, "1");

  EXPECT_EQ(host.heard(), Heard(kTopicOut, 1u));
  EXPECT_EQ(host.heard(), Heard(kOtherTopicOut, 1u));
  EXPECT_EQ(host.heard(), Heard(kOtherTopicOut, 2u));
  host.await([&] { return host.urgent_marks().done == 2; });
  host.await_all_done();
}

TEST_P(Workers, hear_of_what_is_urgent_while_others_wait_for_answers) {
  WorkingHost host{options(2)};
  host.request(kCallOut, "first");
  const Answer first = host.next(Ring::Data);

  for (unsigned number = 1; number <= 50; ++number) {
    host.publish_urgent(kTopicIn, number);
    ASSERT_EQ(host.heard(), Heard(kTopicOut, number));
    host.await([&] { return host.urgent_marks().done == number; });
  }
  host.request(kCallOut, "second");
  const Answer second = host.next(Ring::Data);
  host.publish_urgent(kTopicIn, 51);  // all wait
  host.reply(second.header, "answer");

  EXPECT_EQ(host.heard(), Heard(kTopicOut, 51u));
  EXPECT_EQ(host.next(Ring::Reply).text(), "answer");
  host.reply(first.header, "answer");
  EXPECT_EQ(host.next(Ring::Reply).text(), "answer");
  host.await_all_done();
}

TEST_P(Workers, send_batches_that_nothing_of_the_others_parts_while_there_is_room) {
  constexpr unsigned kParts = 8;
  constexpr unsigned kOfEach = 20 * kParts;
  auto wide = options(2);
  wide.slots = 1024;
  WorkingHost host{wide};
  std::map<std::uint64_t, unsigned> last;

  for (const char* who : {"2a", "2b"}) host.request(kTogether, who);

  std::uint64_t sender = 0;
  for (unsigned i = 0; i < 2 * kOfEach; ++i) {
    const Answer out = host.next(Ring::Data);
    const auto key = bus::key_of(out.header);
    if (i % kParts == 0) sender = key;
    ASSERT_EQ(key, sender) << "message " << i << " is not of the batch that it stands in";
    ASSERT_EQ(number_in(out), ++last[key]);
  }
  for (int i = 0; i < 2; ++i) EXPECT_EQ(host.next(Ring::Reply).text(), "sent");
  host.await_all_done();
}

TEST_P(Workers, send_each_of_their_batches_in_order_through_a_ring_that_is_full) {
  constexpr unsigned kOfEach = 20 * 8;
  WorkingHost host{options(3)};
  std::map<std::uint64_t, unsigned> last;

  for (const char* who : {"3a", "3b", "3c"}) host.request(kTogether, who);
  host.await([&] { return host.lane().receiver.has_message(Ring::Data); });

  for (unsigned i = 0; i < 3 * kOfEach; ++i) {
    const Answer out = host.next(Ring::Data);
    ASSERT_EQ(number_in(out), ++last[bus::key_of(out.header)]);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.next(Ring::Reply).text(), "sent");
  for (const char key : {'a', 'b', 'c'}) EXPECT_EQ(last[static_cast<std::uint64_t>(key)], kOfEach);
  host.await_all_done();
}

TEST_P(Workers, leave_last_wills_side_by_side_each_whole_and_in_the_order_of_who_leaves_them) {
  constexpr std::uint32_t kOfEach = 50;
  WorkingHost host{options(3)};
  std::map<std::uint64_t, unsigned> last;

  for (const char* who : {"3a", "3b", "3c"}) host.request(kLeave, who);

  for (std::uint32_t i = 0; i < 3 * kOfEach; ++i) {
    const control::WillT will = host.next_will();
    EXPECT_EQ(will.topic_out, 0u);
    std::array<unsigned, 256> words;
    ASSERT_EQ(will.payload.size(), sizeof words);
    std::memcpy(words.data(), will.payload.data(), sizeof words);
    ASSERT_EQ(words, filled_with(++last[will.key]));
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.next(Ring::Reply).text(), "left");
  host.await_all_done();
}

TEST_P(Workers, leave_when_the_plugin_is_cleaned_up) {
  WorkingHost host{options(5)};
  ASSERT_EQ(host.call(kEchoBack, "once").text(), "once");

  const auto cleaned = host.enter(Phase::Cleanup);

  EXPECT_EQ(cleaned.code, 0);
  EXPECT_EQ(host.await_exit().code, 0);
  EXPECT_EQ(host.await_all_gone(), 0);
}

}  // namespace
}  // namespace shunt::test
