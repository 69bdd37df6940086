#include "nested_calls.hpp"

#include "failure.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace shunt::kit {

using bus::Kind;
using bus::Place;
using bus::Ring;

namespace {

constexpr std::uint64_t kSpinsPerLook = 1024;  ///< At the clock, which costs as much as many looks at the ring.

}  // namespace

NestedCalls::NestedCalls(bus::LaneEnd& lane, bus::Wait wait, ThreadsLock& lock, Crew& crew, Outbox& outbox,
                         Cancellations& cancellations, UrgentMessages& urgent, Deferrals& deferrals,
                         CommandBox& commands, LastError& error)
    : lane_(lane),
      wait_(wait),
      lock_(lock),
      crew_(crew),
      outbox_(outbox),
      cancellations_(cancellations),
      urgent_(urgent),
      deferrals_(deferrals),
      commands_(commands),
      error_(error),
      several_(crew.several()),
      answers_(kAnswersMax + crew.hands().size() - 1) {
  free_.reserve(answers_.size());
  for (std::size_t i = answers_.size(); i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

int NestedCalls::call(Hand& hand, const Call& call, shunt_sample& sample, std::size_t offset, std::size_t bytes,
                      shunt_answer& out) noexcept {
  out = {};
  std::int64_t deadline = call.deadline_ns;
  if (call.parent_deadline_ns != 0 && (deadline == 0 || call.parent_deadline_ns < deadline))
    deadline = call.parent_deadline_ns;
  if (deadline == 0) deadline = bus::now_ns() + std::chrono::nanoseconds{kDefaultDeadline}.count();
  bus::MessageHeader header;
  header.route = call.route;
  header.kind = Kind::Request;
  header.parent = call.parent;
  header.deadline_ns = deadline;
  if (call.origin_ns != 0) bus::set_origin(header, call.origin_ns);
  {
    ThreadsLock::Hold hold{lock_};
    if (free_.empty()) {
      outbox_.give_back(hold, sample);
      return error_.set(ErrorCode::QuotaExceeded, "{} answers are held: release some before the next call",
                        answers_.size());
    }
    if (cancellations_.is_cancelled(call.parent)) return outbox_.give_back(hold, sample), cancelled();
    header.correlation = ++last_correlation_;
    hand.awaited.answer = free_.back();
    hand.awaited.arrived.store(false, std::memory_order_relaxed);
    hand.awaited.correlation = header.correlation;  // before it is sent: another thread may take the answer
    free_.pop_back();
    if (const int code = outbox_.send(hold, Ring::Data, header, sample, offset, bytes, deadline); code != SHUNT_OK) {
      hand.awaited.correlation = 0;
      free_.push_back(hand.awaited.answer);
      return code;
    }
  }

  Waited waited = wait_for_answer(hand, call.parent, deadline);
  {
    const ThreadsLock::Hold hold{lock_};
    hand.awaited.correlation = 0;
    if (several_) crew_.leave_watch(hand, false);
    if (hand.awaited.arrived.load(std::memory_order_relaxed)) waited = Waited::Answered;  // this moment, perhaps
    else free_.push_back(hand.awaited.answer);
  }
  if (waited == Waited::Cancelled) return cancelled();
  if (waited == Waited::TooLong)
    return error_.set(ErrorCode::DeadlineExceeded, "the deadline passed before the call was answered");
  Answer& answer = answers_[hand.awaited.answer];
  answer.in_use = true;
  if (answer.header.status != 0) return failure(answer);
  out = {reinterpret_cast<const std::uint8_t*>(answer.payload.data()), answer.payload.size(),
         std::uint64_t{hand.awaited.answer} + 1};
  return SHUNT_OK;
}

int NestedCalls::cancelled() noexcept {
  return error_.set(ErrorCode::Cancelled, "nobody waits for the answer to the outer call any more");
}

/// The host tells the callee to cancel, as it told us: whoever waits for the whole chain is gone.
NestedCalls::Waited NestedCalls::wait_for_answer(Hand& hand, std::uint64_t parent, std::int64_t deadline_ns) noexcept {
  Patience patience{wait_};
  while (true) {
    const bool something = (!several_ || crew_.watch(hand, Crew::Rest::Waiting)) && take_replies();
    if (hand.awaited.arrived.load(std::memory_order_acquire)) return Waited::Answered;  // pairs with accept()
    if ((something || several_) && cancellations_.is_cancelled(parent)) return Waited::Cancelled;
    if (something && several_) watch_for_others(hand, std::chrono::nanoseconds{0});  // it may be urgent
    if (!patience.wants_sleep()) {
      if (patience.spins() % kSpinsPerLook != 0) continue;
      if (bus::now_ns() >= deadline_ns) return Waited::TooLong;
      deferrals_.sweep();
      if (several_) watch_for_others(hand, std::chrono::nanoseconds{0});
      continue;
    }
    deferrals_.sweep();
    const std::int64_t now_ns = bus::now_ns();
    if (now_ns >= deadline_ns) return Waited::TooLong;
    const std::chrono::nanoseconds left{std::max<std::int64_t>(std::min(deadline_ns, deferrals_.due_ns()) - now_ns, 0)};
    sleep(hand, std::min<std::chrono::nanoseconds>(left, bus::kSleepMax));
  }
}

/// Where there are several workers: rests while another one watches. Who watches here takes no messages, so it calls
/// one that can.
void NestedCalls::watch_for_others(Hand& hand, std::chrono::nanoseconds timeout) noexcept {
  const auto arrived = [&] { return hand.awaited.arrived.load(std::memory_order_relaxed); };
  if (!crew_.watch(hand, Crew::Rest::Waiting)) {
    const auto has_news = [&] { return arrived() || cancellations_.is_cancelled(hand.in_hand.header->correlation); };
    const auto longest = [&] { return has_news() ? std::chrono::nanoseconds{0} : timeout; };
    if (timeout.count() > 0) crew_.rest(hand, Crew::Rest::Waiting, longest);
    return;
  }
  const std::uint32_t seen = commands_.word_now();
  const bus::Bell bell = lane_.bell();
  const auto look = [&] {
    const ThreadsLock::Hold hold{lock_};
    const bool turn = has_turn_(context_) || commands_.waiting();
    return (turn && crew_.call_idle()) || lane_.receiver.has_message(Ring::Reply) || arrived();
  };
  if (timeout.count() == 0) static_cast<void>(look());
  else bus::sleep_until_any_rung({&bell, 1}, commands_.word(), seen, timeout, look);
}

void NestedCalls::sleep(Hand& hand, std::chrono::nanoseconds timeout) noexcept {
  if (several_) return watch_for_others(hand, timeout);
  const bus::Bell bell = lane_.bell();
  bus::sleep_until_rung(*bell.mine, *bell.peer, timeout, [this] { return lane_.receiver.has_message(Ring::Reply); });
}

int NestedCalls::failure(Answer& answer) noexcept {
  const auto code = static_cast<ErrorCode>(answer.header.status - 1);
  const auto text = failure_text(answer.payload);
  const int result = error_.set(code, "{}", text.value_or(name(code)));
  free_answer(answer);
  return result;
}

void NestedCalls::free_answer(Answer& answer) noexcept {
  const ThreadsLock::Hold hold{lock_};
  give_back(answer.header);
  answer.in_use = false;
  free_.push_back(static_cast<std::uint32_t>(&answer - answers_.data()));
}

void NestedCalls::give_back(const bus::MessageHeader& header) noexcept {
  if (header.place == Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
}

void NestedCalls::release(shunt_answer& answer) noexcept {
  const shunt_answer taken = std::exchange(answer, shunt_answer{});
  if (taken.handle == 0 || taken.handle > answers_.size()) return;
  Answer& held = answers_[taken.handle - 1];
  if (held.in_use) free_answer(held);
}

std::int64_t NestedCalls::origin_ns(const shunt_answer& answer) const noexcept {
  if (answer.handle == 0 || answer.handle > answers_.size() || !answers_[answer.handle - 1].in_use) return 0;
  return bus::origin_of(answers_[answer.handle - 1].header);
}

bool NestedCalls::take_replies() noexcept {
  // One serving thread has the ring for itself: most of its looks find nothing, and need no lock for that.
  if (!several_ && !lane_.receiver.has_message(Ring::Reply)) return false;
  bool something = false;
  while (true) {
    const ThreadsLock::Hold hold{lock_};
    if (!take_reply(hold)) return something;
    something = true;
  }
}

bool NestedCalls::take_reply(const ThreadsLock::Hold& hold) noexcept {
  const bus::Incoming* const incoming = lane_.receiver.next(Ring::Reply);
  if (incoming == nullptr) return false;
  const bus::MessageHeader& header = incoming->header;
  if (header.kind == Kind::Cancel) {
    const auto in_hand = cancellations_.note(header.correlation, header.parent);
    if (in_hand && several_) crew_.hands()[*in_hand]->seat.wake();
    if (deferrals_.out_of_order()) deferrals_.cancel(hold, header.correlation);
  }
  if (header.kind != Kind::Publication || !urgent_.put(*incoming)) accept(*incoming);
  lane_.receiver.free(Ring::Reply);
  return true;
}

/// Keeps the answer that a handler waits for; anything else, e.g. the late answer to a call whose deadline passed, goes
/// back.
void NestedCalls::accept(const bus::Incoming& reply) noexcept {
  const bus::MessageHeader& header = reply.header;
  Hand* waits = nullptr;
  if (header.kind == Kind::Reply && header.correlation != 0)
    for (const auto& each : crew_.hands())
      if (each->awaited.correlation == header.correlation) waits = each.get();
  if (waits == nullptr || waits->awaited.arrived.load(std::memory_order_relaxed)) return give_back(header);
  Answer& answer = answers_[waits->awaited.answer];
  answer.header = header;
  answer.payload = reply.payload;
  if (header.place != Place::Chunk) {  // the slot is about to be freed
    if (!reply.payload.empty()) std::memcpy(answer.inline_payload.data(), reply.payload.data(), reply.payload.size());
    answer.payload = {answer.inline_payload.data(), reply.payload.size()};
  }
  waits->awaited.arrived.store(true, std::memory_order_release);  // pairs with wait_for_answer()
  if (several_) waits->seat.wake();
}

bool NestedCalls::cancel_waits(std::uint64_t token) const noexcept {
  const auto* const side = reinterpret_cast<const std::byte*>(&lane_.theirs());
  const bus::SideShape& shape = lane_.shape().host_side;
  const auto* const slots = reinterpret_cast<const bus::Slot*>(side + shape.ring_offset(Ring::Reply));
  // Pairs with the release in RingReader::free().
  std::uint64_t position =
      lane_.mine().positions.read[static_cast<std::size_t>(Ring::Reply)].load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < shape.slots; ++i, ++position) {
    const bus::Slot& slot = slots[position & (shape.slots - 1)];
    if (slot.commit.load(std::memory_order_acquire) != position + 1) return false;  // pairs with RingWriter::push()
    const bus::MessageHeader header = bus::read_once(slot.header);
    // The serving thread may have freed the slot and the host may be writing the next lap into it.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.commit.load(std::memory_order_relaxed) != position + 1) return false;
    if (header.kind == Kind::Cancel && header.correlation == token) return true;
  }
  return false;
}

}  // namespace shunt::kit
