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

NestedCalls::NestedCalls(bus::LaneEnd& lane, bus::Wait wait, ThreadsLock& lock, Outbox& outbox,
                         Cancellations& cancellations, UrgentMessages& urgent, Deferrals& deferrals, LastError& error)
    : lane_(lane),
      wait_(wait),
      lock_(lock),
      outbox_(outbox),
      cancellations_(cancellations),
      urgent_(urgent),
      deferrals_(deferrals),
      error_(error) {
  for (std::size_t i = 0; i < kAnswersMax; ++i) free_[i] = static_cast<std::uint8_t>(kAnswersMax - 1 - i);
}

int NestedCalls::call(const Call& call, shunt_sample& sample, std::size_t offset, std::size_t bytes,
                      shunt_answer& out) noexcept {
  out = {};
  if (free_count_ == 0) {
    give_back(sample);
    return error_.set(ErrorCode::QuotaExceeded, "{} answers are held: release some before the next call", kAnswersMax);
  }
  if (cancellations_.is_cancelled(call.parent)) {
    give_back(sample);
    return cancelled();
  }
  std::int64_t deadline = call.deadline_ns;
  if (call.parent_deadline_ns != 0 && (deadline == 0 || call.parent_deadline_ns < deadline))
    deadline = call.parent_deadline_ns;
  if (deadline == 0) deadline = bus::now_ns() + std::chrono::nanoseconds{kDefaultDeadline}.count();
  bus::MessageHeader header;
  header.route = call.route;
  header.kind = Kind::Request;
  header.correlation = ++last_correlation_;
  header.parent = call.parent;
  header.deadline_ns = deadline;
  {
    ThreadsLock::Hold hold{lock_};
    const int code = outbox_.send(hold, Ring::Data, header, sample, offset, bytes, deadline);
    if (code != SHUNT_OK) return code;
  }

  const std::uint8_t index = free_[--free_count_];
  Answer& answer = answers_[index];
  awaited_ = header.correlation;
  arrived_in_ = &answer;
  arrived_ = false;
  const Waited waited = wait_for_answer(call.parent, deadline);
  awaited_ = 0;
  if (waited != Waited::Answered) {
    free_[free_count_++] = index;
    if (waited == Waited::Cancelled) return cancelled();
    return error_.set(ErrorCode::DeadlineExceeded, "the deadline passed before the call was answered");
  }
  answer.in_use = true;
  if (answer.header.status != 0) return failure(answer);
  out = {reinterpret_cast<const std::uint8_t*>(answer.payload.data()), answer.payload.size(), std::uint64_t{index} + 1};
  return SHUNT_OK;
}

int NestedCalls::cancelled() noexcept {
  return error_.set(ErrorCode::Cancelled, "nobody waits for the answer to the outer call any more");
}

/// The host tells the callee to cancel, as it told us: whoever waits for the whole chain is gone.
NestedCalls::Waited NestedCalls::wait_for_answer(std::uint64_t parent, std::int64_t deadline_ns) noexcept {
  Patience patience{wait_};
  while (true) {
    const bool something = take_replies();
    if (arrived_) return Waited::Answered;
    if (something && cancellations_.is_cancelled(parent)) return Waited::Cancelled;
    if (!patience.wants_sleep()) {
      if (patience.spins() % kSpinsPerLook != 0) continue;
      if (bus::now_ns() >= deadline_ns) return Waited::TooLong;
      deferrals_.sweep();
      continue;
    }
    deferrals_.sweep();
    const std::int64_t now_ns = bus::now_ns();
    if (now_ns >= deadline_ns) return Waited::TooLong;
    const std::chrono::nanoseconds left{std::max<std::int64_t>(std::min(deadline_ns, deferrals_.due_ns()) - now_ns, 0)};
    const bus::Bell bell = lane_.bell();
    bus::sleep_until_rung(*bell.mine, *bell.peer, std::min<std::chrono::nanoseconds>(left, bus::kSleepMax),
                          [this] { return lane_.receiver.has_message(Ring::Reply); });
  }
}

int NestedCalls::failure(Answer& answer) noexcept {
  const auto code = static_cast<ErrorCode>(answer.header.status - 1);
  const auto text = failure_text(answer.payload);
  const int result = error_.set(code, "{}", text.value_or(name(code)));
  free_answer(answer);
  return result;
}

void NestedCalls::free_answer(Answer& answer) noexcept {
  give_back(answer.header);
  answer.in_use = false;
  free_[free_count_++] = static_cast<std::uint8_t>(&answer - answers_.data());
}

void NestedCalls::give_back(const bus::MessageHeader& header) noexcept {
  if (header.place != Place::Chunk) return;
  const ThreadsLock::Hold hold{lock_};
  lane_.receiver.give_back(header.chunk, header.generation);
}

void NestedCalls::give_back(shunt_sample& sample) noexcept {
  const ThreadsLock::Hold hold{lock_};
  outbox_.give_back(hold, sample);
}

void NestedCalls::release(shunt_answer& answer) noexcept {
  const shunt_answer taken = std::exchange(answer, shunt_answer{});
  if (taken.handle == 0 || taken.handle > kAnswersMax) return;
  Answer& held = answers_[taken.handle - 1];
  if (held.in_use) free_answer(held);
}

bool NestedCalls::take_replies() noexcept {
  bool something = false;
  while (const bus::Incoming* const incoming = lane_.receiver.next(Ring::Reply)) {
    something = true;
    const bus::MessageHeader& header = incoming->header;
    if (header.kind == Kind::Cancel) {
      cancellations_.note(header.correlation, header.parent);
      if (deferrals_.out_of_order()) deferrals_.cancel(header.correlation);
    }
    if (header.kind != Kind::Publication || !urgent_.put(*incoming)) accept(*incoming);
    lane_.receiver.free(Ring::Reply);
  }
  return something;
}

/// Keeps the awaited answer; anything else, e.g. the late answer to a call whose deadline passed, goes back.
void NestedCalls::accept(const bus::Incoming& reply) noexcept {
  const bus::MessageHeader& header = reply.header;
  if (header.kind != Kind::Reply || awaited_ == 0 || header.correlation != awaited_ || arrived_) {
    give_back(header);
    return;
  }
  Answer& answer = *arrived_in_;
  answer.header = header;
  answer.payload = reply.payload;
  if (header.place != Place::Chunk) {  // the slot is about to be freed
    if (!reply.payload.empty()) std::memcpy(answer.inline_payload.data(), reply.payload.data(), reply.payload.size());
    answer.payload = {answer.inline_payload.data(), reply.payload.size()};
  }
  arrived_ = true;
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
