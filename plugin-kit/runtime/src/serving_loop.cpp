#include "serving_loop.hpp"

#include "catch_all.hpp"

#include <shunt/bus/clock.hpp>

namespace shunt::kit {

using bus::Kind;
using bus::Ring;

namespace {

/// Ours alone to write, so no locked instruction is needed. Relaxed: a count, nothing hangs on it.
void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

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
  const bus::Bell bell = lane_.bell();
  bus::sleep_until_any_rung({&bell, 1}, commands_.word(), commands_.taken(), bus::kSleepMax, [this] {
    return lane_.receiver.has_message(Ring::Data) || lane_.receiver.has_message(Ring::Reply);
  });
}

/// One of them, before any other message is looked at.
bool ServingLoop::serve_urgent() noexcept {
  UrgentMessages& urgent = runtime_.urgent;
  if (urgent.empty()) return false;
  serve_publication(urgent.front(), [&] { urgent.begin(); });
  bus::reached(bus::Step::Handled);
  const bus::Incoming served = urgent.front();  // its place is for the next one
  urgent.done();
  end_message(served);
  return true;
}

bool ServingLoop::serve_one() noexcept {
  const bus::Incoming* const incoming = lane_.receiver.next(Ring::Data);
  if (incoming == nullptr) return false;
  const bus::MessageHeader& header = incoming->header;
  if (header.kind == Kind::Request) serve_request(*incoming);
  else if (header.kind == Kind::Publication)
    serve_publication(*incoming, [&] { lane_.receiver.mark_begun(Ring::Data); });
  else lane_.receiver.mark_begun(Ring::Data);  // of a later release: passed over
  bus::reached(bus::Step::Handled);
  lane_.receiver.mark_done(Ring::Data);
  lane_.receiver.free(Ring::Data);
  end_message(*incoming);
  return true;
}

void ServingLoop::end_message(const bus::Incoming& incoming) noexcept {
  const bus::MessageHeader& header = incoming.header;
  if (header.place == bus::Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
  runtime_.in_hand = {};
  runtime_.cancellations.begin(0);
}

void ServingLoop::take_in_hand(const bus::Incoming& incoming, bool wants_answer) noexcept {
  runtime_.in_hand = {&incoming.header, !wants_answer, false};
  runtime_.thrown.count = 0;
  runtime_.cancellations.begin(incoming.header.correlation);
}

shunt_message ServingLoop::message(const bus::Incoming& incoming, std::uint32_t index) const noexcept {
  const bus::MessageHeader& header = incoming.header;
  const auto flag = [&](std::uint8_t sent, std::uint32_t told) { return (header.flags & sent) != 0 ? told : 0u; };
  const std::uint32_t flags =
      flag(bus::flag::kRedelivered, SHUNT_REDELIVERED) | flag(bus::flag::kLatched, SHUNT_LATCHED);
  return {index,
          flags,
          header.correlation,
          bus::deadline_of(header),
          reinterpret_cast<const std::uint8_t*>(incoming.payload.data()),
          incoming.payload.size()};
}

void ServingLoop::refuse(const bus::Incoming& incoming, ErrorCode code, std::string_view text) noexcept {
  take_in_hand(incoming, true);
  send_failure(runtime_, code, text);
  lane_.receiver.mark_begun(Ring::Data);
}

void ServingLoop::serve_request(const bus::Incoming& incoming) noexcept {
  bus::Statistics& statistics = lane_.mine().statistics;
  const bus::MessageHeader& header = incoming.header;
  if (header.deadline_ns != 0 && bus::now_ns() >= header.deadline_ns) {
    count(statistics.expired);
    return refuse(incoming, ErrorCode::DeadlineExceeded, "the deadline passed before the handler was entered");
  }
  if (runtime_.cancellations.before_its_turn(lane_.receiver.position(Ring::Data) - 1))
    return refuse(incoming, ErrorCode::Cancelled, "the caller cancelled before the handler was entered");
  const auto index = functions_.find(header.route);
  if (!index) return refuse(incoming, ErrorCode::NoSuchRoute, "this instance has no such function");

  take_in_hand(incoming, true);
  const shunt_message request = message(incoming, *index);
  lane_.receiver.mark_begun(Ring::Data);
  const char* const thrown = catch_all(runtime_, [&] { phases_.descriptor().handle(phases_.self(), &request); });
  if (!runtime_.in_hand.answered)
    send_failure(runtime_, ErrorCode::PluginFailed,
                 thrown != nullptr ? thrown : "the handler returned without an answer");
  if (thrown != nullptr || runtime_.in_hand.failed) count(statistics.failed);
  count(statistics.handled);
}

template <typename MarkBegun>
void ServingLoop::serve_publication(const bus::Incoming& incoming, const MarkBegun& mark_begun) noexcept {
  bus::Statistics& statistics = lane_.mine().statistics;
  const auto index = topics_in_.find(incoming.header.route);
  take_in_hand(incoming, false);
  mark_begun();
  if (!index) return;
  const shunt_message publication = message(incoming, *index);
  const char* const thrown = catch_all(runtime_, [&] { phases_.descriptor().receive(phases_.self(), &publication); });
  if (thrown != nullptr) report_unanswered(runtime_, thrown);
  if (runtime_.in_hand.failed) count(statistics.failed);
  count(statistics.handled);
}

}  // namespace shunt::kit
