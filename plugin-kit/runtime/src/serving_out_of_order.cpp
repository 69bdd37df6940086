/// Serving while messages end in another order than they came.
///
/// A request whose handler cannot be entered, because as many as may be are not answered, stays in the ring, and what
/// stands behind it has its turn all the same: what a deferred answer waits for may be among it. Requests do not
/// overtake each other.
///
/// Publications of one topic are handled one at a time, in their order, whichever worker has them; one whose topic is
/// busy waits in the same way, and so does one whose topic has an urgent one that waits.

#include "serving_loop.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace shunt::kit {

using bus::Kind;
using bus::Ring;

namespace {

constexpr std::uint64_t kNone = UINT64_MAX;

}  // namespace

bool ServingLoop::serve_out_of_order(Hand& hand) noexcept {
  Taken taken;
  if (!take(hand, taken)) return false;
  const bool request = taken.incoming.header.kind == Kind::Request;
  if (request && taken.turn != Turn::Handle) refuse(hand, taken.incoming, taken.turn);
  else if (request) handle(hand, taken.incoming, *taken.index);
  else if (taken.index) receive(hand, taken.incoming, *taken.index);
  bus::reached(bus::Step::Handled);
  leave(hand, taken);
  return true;
}

bool ServingLoop::take(Hand& hand, Taken& taken) noexcept {
  ThreadsLock::Hold hold{runtime_.lock};
  const bool several = runtime_.crew.several();
  const std::int64_t now_ns = bus::now_ns();
  runtime_.deferrals.sweep(hold, now_ns);
  if (several) runtime_.calls.take_replies(hold);  // what is urgent there comes first, whoever watches
  const std::uint64_t position = has_urgent_turn() ? kNone : next_position(hold, now_ns);
  if (has_urgent_turn()) take_urgent(taken);
  else if (position != kNone) enter(hand, taken, position);
  else return runtime_.deferrals.note_order(), false;
  if (several && runtime_.crew.leave_watch(hand, has_turn_held())) commands_.nudge();
  return true;
}

void ServingLoop::enter(Hand& hand, Taken& taken, std::uint64_t position) noexcept {
  taken.incoming = runtime_.deferrals.window().enter(position);
  hand.position = position;
  const bus::MessageHeader& header = taken.incoming.header;
  bus::keep_content(taken.incoming, taken.slot);  // its slot may be given back before we have read it
  if (header.kind == Kind::Publication) {
    taken.index = topics_in_.find(header.route);
    if (taken.index) topics_busy_[*taken.index] = true;
  } else if (header.kind == Kind::Request) {
    taken.turn = turn_of(header, position, taken.index.emplace());
    if (taken.turn == Turn::Handle) ++requests_running_;
    if (taken.turn == Turn::Expired) add_one(lane_.mine().statistics.expired);
    // Now: who notes a cancellation after this looks for it in our hand.
    runtime_.cancellations.begin(hand.index, header.correlation);
  }
}

/// Of what waits, or else of what comes. What comes and cannot be entered waits from then on.
std::uint64_t ServingLoop::next_position(const ThreadsLock::Hold& hold, std::int64_t now_ns) noexcept {
  Window& window = runtime_.deferrals.window();
  const auto may = [&](const bus::Incoming& incoming, std::uint64_t position) {
    return may_enter(incoming.header, position, now_ns);
  };
  if (const std::uint64_t position = window.next(may); position != kNone) return position;
  while (lane_.receiver.has_message(Ring::Data) && (window.has_room() || window.let_go())) {
    const bus::Incoming* const incoming = lane_.receiver.next(Ring::Data);
    if (incoming == nullptr) break;
    const std::uint64_t position = window.take(*incoming);
    if (runtime_.crew.several()) runtime_.calls.take_replies(hold);  // an urgent one that was sent before it
    if (may(*incoming, position)) return position;
  }
  return kNone;
}

bool ServingLoop::may_enter(const bus::MessageHeader& header, std::uint64_t position,
                            std::int64_t now_ns) const noexcept {
  if (header.kind == Kind::Publication) {
    const auto topic = topics_in_.find(header.route);
    return !topic || (!topics_busy_[*topic] && !runtime_.urgent.waits_of(header.route));
  }
  if (header.kind != Kind::Request) return true;
  if (requests_running_ + runtime_.deferrals.open() < runtime_.contract.in_flight_max) return true;
  const bool expired = header.deadline_ns != 0 && now_ns >= header.deadline_ns;
  return expired || runtime_.cancellations.before_its_turn(position);  // refused, without a handler
}

void ServingLoop::leave(Hand& hand, const Taken& taken) noexcept {
  const ThreadsLock::Hold hold{runtime_.lock};
  const bool request = taken.incoming.header.kind == Kind::Request;
  if (request ? taken.turn == Turn::Handle : taken.index.has_value()) count(hand);
  if (request && taken.turn == Turn::Handle) --requests_running_;
  if (!request && taken.index) topics_busy_[*taken.index] = false;
  if (taken.urgent) leave_urgent(taken.incoming.header);
  else runtime_.deferrals.leave(hand, taken.incoming.header);
  hand.position = Hand::kInTurn;
  hand.in_hand = {};
  runtime_.cancellations.begin(hand.index, 0);
}

void ServingLoop::leave_deferred(Hand& hand) noexcept {
  const ThreadsLock::Hold hold{runtime_.lock};
  count(hand);
  runtime_.deferrals.leave(hand, *hand.in_hand.header);
  hand.position = Hand::kInTurn;
}

/// Under the lock: whether there is something to take.
bool ServingLoop::has_turn_held() noexcept {
  if (has_attention_turn() || has_urgent_turn()) return true;
  if (!runtime_.deferrals.out_of_order()) return lane_.receiver.has_message(Ring::Data);
  const Window& window = runtime_.deferrals.window();
  if (window.may_take() && lane_.receiver.has_message(Ring::Data)) return true;
  return window.next([&, now_ns = bus::now_ns()](const bus::Incoming& incoming, std::uint64_t position) {
    return may_enter(incoming.header, position, now_ns);
  }) != kNone;
}

/// Under the lock: how long there is nothing to do but what comes. Requests that wait have deadlines, too: they are
/// looked at again after kSleepMax.
std::chrono::nanoseconds ServingLoop::until_due_held() noexcept {
  const std::int64_t due_ns = std::min(runtime_.deferrals.due_ns(), timers_due_ns_held());
  if (due_ns == INT64_MAX) return bus::kSleepMax;
  return std::clamp<std::chrono::nanoseconds>(std::chrono::nanoseconds{due_ns - bus::now_ns()},
                                              std::chrono::nanoseconds{0}, bus::kSleepMax);
}

}  // namespace shunt::kit
