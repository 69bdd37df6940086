#include "deferrals.hpp"

#include "replies.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/schemas/assert.hpp>

#include <algorithm>

namespace shunt::kit {
namespace {

constexpr std::int64_t kRetryNs = 1'000'000;  ///< After an answer that found no room.
constexpr std::int64_t kNoWait = 1;           ///< For room until a time that has long passed.

}  // namespace

Deferrals::Deferrals(bus::LaneEnd& lane, std::uint32_t places, ThreadsLock& lock, Outbox& outbox, CommandBox& commands,
                     LastError& error)
    : lane_(lane), lock_(lock), outbox_(outbox), commands_(commands), error_(error), window_(lane), places_(places) {
  free_.reserve(places);
  for (std::uint32_t place = places; place > 0; --place) free_.push_back(place - 1);
}

void Deferrals::defer(Hand& hand, const shunt_message& request, shunt_message& later) noexcept {
  lock_.share();
  const ThreadsLock::Hold hold{lock_};
  if (hand.position == Hand::kInTurn) hand.position = window_.keep(lane_.receiver.last(bus::Ring::Data));
  window_.owe(hand.position);
  SHUNT_ASSERT(!free_.empty());
  const std::uint32_t index = free_.back();
  free_.pop_back();
  ++open_;
  Place& place = places_[index];
  place = {1ull << 62 | (++generation_ << 16 & ~(3ull << 62)) | index, *hand.in_hand.header, hand.position,
           State::Open};
  due_ns_.store(std::min(due_ns(), place.request.deadline_ns == 0 ? INT64_MAX : place.request.deadline_ns),
                std::memory_order_relaxed);
  hand.in_hand.answered = Answered::Later;
  later = request;
  later.token = place.token;
  later.payload = nullptr;
  later.payload_bytes = 0;
  later.hints = nullptr;
  later.hints_bytes = 0;
  note_order();
}

Deferrals::Place* Deferrals::find(std::uint64_t token) noexcept {
  const std::size_t index = token & 0xffff;
  return index < places_.size() && places_[index].token == token ? &places_[index] : nullptr;
}

int Deferrals::begin(Place* place) noexcept {
  if (place == nullptr) return error_.set(ErrorCode::BadInput, "there is no such deferred answer: it was given before");
  if (place->state == State::Sending)
    return error_.set(ErrorCode::BadInput, "another thread gives this deferred answer right now");
  if (place->state == State::Over) {
    const int code = over(*place);
    free(*place);
    return code;
  }
  place->state = State::Sending;
  return SHUNT_OK;
}

int Deferrals::over(const Place& place) noexcept {
  if (place.timed_out)
    return error_.set(ErrorCode::DeadlineExceeded, "the deadline passed before the deferred answer was given");
  return error_.set(ErrorCode::Cancelled, "nobody waits for the deferred answer any more");
}

int Deferrals::finish(Place& place, int code) noexcept {
  place.state = State::Open;
  if (code != SHUNT_OK) return code;
  const bool held_up = !window_.has_room();
  window_.answered(place.position);
  free(place);
  if (held_up) commands_.nudge();
  return SHUNT_OK;
}

void Deferrals::free(Place& place) noexcept {
  place.state = State::Free;
  place.token = 0;
  free_.push_back(static_cast<std::uint32_t>(&place - places_.data()));
  --open_;
  if (window_.waiting() > 0) commands_.nudge();  // its turn has come
  note_order();
}

int Deferrals::reply(std::uint64_t token, shunt_sample& sample, std::size_t offset, std::size_t bytes) noexcept {
  ThreadsLock::Hold hold{lock_};
  Place* const place = find(token);
  if (const int code = begin(place); code != SHUNT_OK) return outbox_.give_back(hold, sample), code;
  bus::MessageHeader header = reply_header(place->request);
  return finish(*place,
                outbox_.send(hold, bus::Ring::Reply, header, sample, offset, bytes, place->request.deadline_ns));
}

int Deferrals::fail(std::uint64_t token, ErrorCode code, std::string_view text) noexcept {
  ThreadsLock::Hold hold{lock_};
  Place* const place = find(token);
  if (const int problem = begin(place); problem != SHUNT_OK) return problem;
  const int sent = finish(*place, send_failure(hold, *place, code, text, kNoWait));
  if (sent == SHUNT_OK) return sent;
  place->dropped = true;
  due_ns_.store(0, std::memory_order_relaxed);
  commands_.nudge();
  return sent;
}

int Deferrals::send_failure(ThreadsLock::Hold& hold, const Place& place, ErrorCode code, std::string_view text,
                            std::int64_t until_ns) noexcept {
  FailureBuilder failures;  // any thread may be the one
  auto& failed = lane_.mine().statistics.failed;
  failed.store(failed.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return kit::send_failure(outbox_, hold, place.request, failures, {code, text, {}}, until_ns);
}

std::optional<std::uint64_t> Deferrals::wanted(std::uint64_t token) noexcept {
  const ThreadsLock::Hold hold{lock_};
  const Place* const place = find(token);
  if (place == nullptr || place->state == State::Over || place->cancelled) return std::nullopt;
  return place->request.correlation;
}

void Deferrals::cancel(const ThreadsLock::Hold&, std::uint64_t correlation) noexcept {
  const auto place = std::ranges::find_if(
      places_, [&](const Place& each) { return each.state != State::Free && each.request.correlation == correlation; });
  if (place == places_.end()) return;
  place->cancelled = true;
  due_ns_.store(0, std::memory_order_relaxed);
}

void Deferrals::sweep() noexcept {
  if (due_ns() == INT64_MAX) return;
  const std::int64_t now_ns = bus::now_ns();
  if (now_ns < due_ns()) return;
  ThreadsLock::Hold hold{lock_};
  sweep(hold, now_ns);
}

void Deferrals::sweep(ThreadsLock::Hold& hold, std::int64_t now_ns) noexcept {
  if (now_ns < due_ns()) return;
  due_ns_.store(INT64_MAX, std::memory_order_relaxed);  // others may defer and cancel while one waits for room
  std::int64_t due = INT64_MAX;
  for (Place& place : places_) {
    if (place.state == State::Sending) due = std::min(due, now_ns + kRetryNs);  // it may fail
    if (place.state != State::Open) continue;
    const std::int64_t deadline_ns = place.request.deadline_ns == 0 ? INT64_MAX : place.request.deadline_ns;
    if (!place.cancelled && !place.dropped && now_ns < deadline_ns) {
      due = std::min(due, deadline_ns);
      continue;
    }
    place.timed_out = !place.cancelled && !place.dropped;
    if (place.dropped)
      answer_for_plugin(hold, place, ErrorCode::PluginFailed,
                        "the deferred answer failed, and there was no room to say so");
    else if (place.timed_out)
      answer_for_plugin(hold, place, ErrorCode::DeadlineExceeded,
                        "the deadline passed before the deferred answer came");
    else answer_for_plugin(hold, place, ErrorCode::Cancelled, "the caller cancelled before the deferred answer came");
    if (place.state == State::Open) due = std::min(due, now_ns + kRetryNs);
  }
  due_ns_.store(std::min(due, due_ns()), std::memory_order_relaxed);
}

void Deferrals::answer_for_plugin(ThreadsLock::Hold& hold, Place& place, ErrorCode code,
                                  std::string_view text) noexcept {
  place.state = State::Sending;
  const int sent = send_failure(hold, place, code, text, kNoWait);
  place.state = sent == SHUNT_OK ? State::Over : State::Open;
  if (sent != SHUNT_OK) return;
  window_.answered(place.position);
  if (place.dropped) free(place);
  note_order();
}

void Deferrals::end() noexcept {
  ThreadsLock::Hold hold{lock_};
  for (Place& place : places_) {
    if (place.state == State::Open)
      answer_for_plugin(hold, place, ErrorCode::PluginFailed, "the plugin was cleaned up before its deferred answer");
  }
}

void Deferrals::leave(const Hand& hand, const bus::MessageHeader& header) noexcept {
  window_.leave(hand.position, header);
  note_order();
}

}  // namespace shunt::kit
