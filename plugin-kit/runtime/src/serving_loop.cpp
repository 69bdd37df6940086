#include "serving_loop.hpp"

#include <shunt/bus/clock.hpp>

namespace shunt::kit {

using bus::Kind;
using bus::Ring;

ServingLoop::ServingLoop(shunt_runtime& runtime, const Phases& phases, CommandBox& commands, HealthTeller& health,
                         const ControlChannel& host)
    : runtime_(runtime),
      lane_(runtime.lane),
      phases_(phases),
      commands_(commands),
      health_(health),
      host_(host),
      functions_(runtime.contract.functions),
      topics_in_(runtime.contract.topics_in),
      topics_busy_(runtime.contract.topics_in.size()) {
  runtime_.calls.set_has_turn([](void* loop) { return static_cast<ServingLoop*>(loop)->has_turn_held(); }, this);
  if (!runtime_.crew.several()) return;
  runtime_.lock.share();
  runtime_.deferrals.always_out_of_order();
}

bool ServingLoop::run() noexcept {
  if (runtime_.crew.several()) {
    runtime_.crew.enter();
    const bool served = work(runtime_.hand);
    if (served) runtime_.crew.await_all_left();
    return served;
  }
  Patience patience{runtime_.contract.wait};
  while (!commands_.waiting()) {
    bool attended = false;
    if (runtime_.attention.raised() != 0) [[unlikely]]
      attended = attend(runtime_.hand);
    const bool replies = runtime_.calls.take_replies();
    if ((runtime_.urgent.waits() && serve_urgent(runtime_.hand)) || serve_one() || replies || attended) {
      patience.renew();
      continue;
    }
    if (lane_.receiver.breach() != bus::Breach::None) return false;
    if (patience.wants_sleep()) sleep();
  }
  return true;
}

/// Exactly until the next timer is due, if there is one before somebody rings.
void ServingLoop::sleep() noexcept {
  const std::uint32_t seen = commands_.word_now();
  const bus::Bell bell = lane_.bell();
  const std::chrono::nanoseconds longest = [this] {
    const ThreadsLock::Hold hold{runtime_.lock};
    return until_due_held();
  }();
  bus::sleep_until_any_rung({&bell, 1}, commands_.word(), seen, longest, [this] {
    const ThreadsLock::Hold hold{runtime_.lock};
    return has_turn_held() || lane_.receiver.has_message(Ring::Reply) || commands_.waiting();
  });
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
  runtime_.cancellations.begin(hand.index, 0);
  return true;
}

}  // namespace shunt::kit
