/// What handlers do wrong, and what their callers hear of it.
#include "mistakes.hpp"
#include "offender_config.hpp"

namespace shunt::test {
namespace {

std::string outcome(Host& host, const std::string& what) {
  auto client = host.client<offender::Client>().value();
  const auto reply = client.commit(deed(what), {.deadline = 30s});
  return reply ? (*reply)->text()->str() : to_string(reply.error());
}

/// The error, or else what the handler was told.
auto commit(std::string what) {
  return [what = std::move(what)] {
    Host host = start(with_offender());
    std::string heard = outcome(host, what);
    EXPECT_EQ(outcome(host, "anything"), "unknown") << "it serves on";
    return heard;
  };
}

std::string call_the_unwell() {
  Host host = start(with_offender("health throw"));
  return outcome(host, "anything");
}

/// Nobody waits for an answer: the host has it as an event.
std::string publish() {
  Host host = start(with_offender());
  EXPECT_TRUE(host.publisher<offender::Deed>("offender.deeds").value().publish(deed("")));
  EXPECT_EQ(outcome(host, "anything"), "unknown") << "it serves on, after that";
  return await_event(host, HostEventKind::HandlerFailed, "offender").text;
}

/// The first reply is heard, and the plugin's log has the second.
std::string reply_twice() {
  testing::internal::CaptureStderr();
  {
    Host host = start(with_offender());
    EXPECT_EQ(outcome(host, "reply twice"), "first");
  }
  return testing::internal::GetCapturedStderr();
}

std::string answer_late() {
  Host host = start(with_offender());
  EXPECT_EQ(outcome(host, "keep the request"), "kept");
  return outcome(host, "answer the request that was kept");
}

}  // namespace

Mistakes mistakes_in_a_handler() {
  return {
      {"Throwing in the handler of a function", commit("throw")},
      {"Throwing something that is no `std::exception`", commit("throw a number")},
      {"Throwing in the handler of a topic", publish},
      {"Throwing in `health`", call_the_unwell},
      {"A request that the plugin's own validator refuses", commit("nonsense")},
      {"Throwing while the reply is built", commit("throw in the builder")},
      {"Returning without a reply", commit("no reply")},
      {"Replying twice", reply_twice},
      {"Replying after the call has ended", answer_late},
      {"Calling a function that no plugin of this host has", commit("call nobody")},
      {"Publishing, calling or replying on a thread of the plugin's own", commit("publish on another thread")},
  };
}

}  // namespace shunt::test
