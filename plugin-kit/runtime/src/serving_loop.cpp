#include "serving_loop.hpp"

#include <shunt/bus/clock.hpp>

namespace shunt::kit {

using bus::Kind;
using bus::Ring;

ServingLoop::ServingLoop(shunt_runtime& runtime, const Phases& phases, const CommandBox& commands)
    : runtime_(runtime),
      lane_(runtime.lane),
      phases_(phases),
      commands_(commands),
      functions_(runtime.contract.functions),
      topics_in_(runtime.contract.topics_in) {}

bool ServingLoop::run() noexcept {
  Patience patience{runtime_.contract.wait};
  while (!commands_.waiting()) {
    const bool replies = runtime_.calls.take_replies();
    if (serve_urgent() || serve_one() || replies) {
      patience.renew();
      continue;
    }
    if (lane_.receiver.breach() != bus::Breach::None) return false;
    if (patience.wants_sleep()) sleep();
  }
  return true;
}

void ServingLoop::sleep() noexcept {
  const std::uint32_t seen = commands_.word_now();
  const bus::Bell bell = lane_.bell();
  bus::sleep_until_any_rung({&bell, 1}, commands_.word(), seen, until_due(), [this] {
    return has_turn() || lane_.receiver.has_message(Ring::Reply) || commands_.waiting();
  });
}

/// One of them, before any other message is looked at.
bool ServingLoop::serve_urgent() noexcept {
  UrgentMessages& urgent = runtime_.urgent;
  if (urgent.empty()) return false;
  Hand& hand = runtime_.hand;
  const bus::Incoming& incoming = urgent.front();
  urgent.begin();
  const auto index = topics_in_.find(incoming.header.route);
  if (index) receive(hand, incoming, *index);
  bus::reached(bus::Step::Handled);
  const ThreadsLock::Hold hold{runtime_.lock};
  if (index) count(hand);
  const bus::MessageHeader header = incoming.header;  // its place is for the next one
  hand.in_hand = {};
  runtime_.cancellations.begin(0);
  urgent.done();
  if (header.place == bus::Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
  return true;
}

[[gnu::noinline, gnu::cold]] void ServingLoop::refuse(Hand& hand, const bus::Incoming& incoming, Turn why) noexcept {
  take_in_hand(hand, incoming, Answered::NotYet);
  if (why == Turn::Expired)
    fail_in_hand(runtime_, hand, ErrorCode::DeadlineExceeded, "the deadline passed before the handler was entered");
  else if (why == Turn::Cancelled)
    fail_in_hand(runtime_, hand, ErrorCode::Cancelled, "the caller cancelled before the handler was entered");
  else fail_in_hand(runtime_, hand, ErrorCode::NoSuchRoute, "this instance has no such function");
}

/// False: its answer comes later.
[[gnu::always_inline]] inline bool ServingLoop::serve_request(Hand& hand, const bus::Incoming& incoming) noexcept {
  std::uint32_t index = 0;
  const Turn turn = turn_of(incoming.header, lane_.receiver.position(Ring::Data) - 1, index);
  if (turn != Turn::Handle) [[unlikely]] {
    if (turn == Turn::Expired) add_one(lane_.mine().statistics.expired);
    refuse(hand, incoming, turn);
    lane_.receiver.mark_begun(Ring::Data);
    return true;
  }
  lane_.receiver.mark_begun(Ring::Data);
  handle(hand, incoming, index);
  if (hand.in_hand.answered == Answered::Later) [[unlikely]]
    return false;
  count(hand);
  return true;
}

inline void ServingLoop::serve_publication(Hand& hand, const bus::Incoming& incoming) noexcept {
  lane_.receiver.mark_begun(Ring::Data);
  const auto index = topics_in_.find(incoming.header.route);
  if (!index) return;
  receive(hand, incoming, *index);
  count(hand);
}

bool ServingLoop::serve_one() noexcept {
  Hand& hand = runtime_.hand;
  if (runtime_.deferrals.out_of_order()) [[unlikely]]
    return serve_out_of_order(hand);
  const bus::Incoming* const incoming = lane_.receiver.next(Ring::Data);
  if (incoming == nullptr) return false;
  const bus::MessageHeader& header = incoming->header;
  bool done = true;
  if (header.kind == Kind::Request) done = serve_request(hand, *incoming);
  else if (header.kind == Kind::Publication) serve_publication(hand, *incoming);
  else lane_.receiver.mark_begun(Ring::Data);  // of a later release: passed over
  bus::reached(bus::Step::Handled);
  if (done) [[likely]] {
    lane_.receiver.mark_done(Ring::Data);
    lane_.receiver.free(Ring::Data);
    if (header.place == bus::Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
  } else {
    leave_deferred(hand);
  }
  hand.in_hand = {};
  runtime_.cancellations.begin(0);
  return true;
}

}  // namespace shunt::kit
