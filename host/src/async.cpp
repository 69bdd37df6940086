/// Calls that their caller does not wait for: asked after now and then, or with a callback that poll() runs.

#include "core.hpp"
#include "origin_scope.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host/pending_bytes.hpp>

#include <algorithm>

namespace shunt::host {

Result<Hub::StartedCall> Hub::start_call(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                         const CallRequest& request, Completion completion) {
  const auto taken = async_.take(std::move(completion));
  if (!taken) {
    if (built.sample.handle != 0) pool->release({static_cast<std::uint32_t>(built.sample.handle)});
    if (taken.error() == ErrorCode::System)
      return error(ErrorCode::System, "\"{}\": there is no memory for one more call", route.name);
    return error(ErrorCode::QuotaExceeded,
                 "\"{}\": {} calls with a callback are on their way, or wait for poll(): poll more often", route.name,
                 AsyncCalls::kCallbacksMax);
  }
  AsyncCall* const call = *taken;
  const bool has_callback = call->has_callback();
  call->route = &route;
  call->deadline_ns = request.deadline_ns;
  call->wait = request.wait;
  const std::uint64_t correlation = send_request(route, pool, built, request, *call);
  if (correlation == 0) {
    Error why = std::move(*call->failure);
    call->failure.reset();
    auto instead = failed(route, std::move(why));
    if (!instead) {
      async_.give_back(*call);
      return tl::make_unexpected(std::move(instead).error());
    }
    call->complete(*std::move(instead));
    wake_sleepers();  // one may wait for its callback to be due
    return StartedCall{has_callback ? nullptr : call, 0};
  }
  if (has_callback) {
    expect_by(request.deadline_ns);
    return StartedCall{nullptr, correlation};
  }
  call->correlation = correlation;
  return StartedCall{call, correlation};
}

bool Hub::ready(AsyncCall& call) {
  if (call.completed()) return true;
  drain();
  if (call.completed()) return true;
  return bus::now_ns() >= call.deadline_ns && give_up(call.correlation, GaveUp::DeadlineExceeded);
}

Result<ReceivedBytes> Hub::get(AsyncCall& call) {
  if (std::exchange(call.taken, true))
    return error(ErrorCode::BadInput, "\"{}\": the outcome of this call was taken before", call.route->name);
  if (!wait(call, call.deadline_ns, call.wait)) give_up(call.correlation, GaveUp::DeadlineExceeded);
  while (!call.completed()) bus::spin_pause();  // somebody is completing it this moment
  return outcome(call);
}

void Hub::end_call(AsyncCall& call) noexcept {
  if (!call.completed()) cancel(call.correlation);
  while (!call.completed()) bus::spin_pause();
  async_.give_back(call);
}

bool Hub::give_up(std::uint64_t correlation, GaveUp why) noexcept {
  PendingCall* const caller =
      in_flight_.abandon(correlation, why == GaveUp::DeadlineExceeded ? Ending::Failed : Ending::LetGo);
  if (caller == nullptr) return false;
  static_cast<AsyncCall&>(*caller).give_up(why);
  tell_cancelled(kToldAtOnce);
  wake_sleepers();  // one may lead for this call, or wait for its callback to be due
  return true;
}

/// Of a call that was completed and is nobody else's.
Result<ReceivedBytes> Hub::outcome(AsyncCall& call) {
  const RouteInfo& route = *call.route;
  if (call.gave_up == GaveUp::Cancelled)
    return error(ErrorCode::Cancelled, "\"{}\": the call was cancelled", route.name);
  if (call.gave_up == GaveUp::No && !call.failure) return std::move(call.reply);
  route.counters.failed.fetch_add(1, std::memory_order_relaxed);
  return failed(route, call.failure ? std::move(*call.failure) : too_late(route));
}

/// Nobody waits for a call with a callback, so whoever polls looks when one may be too late.
void Hub::expect_by(std::int64_t deadline_ns) noexcept {
  std::int64_t known = expiry_ns_.load(std::memory_order_relaxed);
  while (deadline_ns < known)
    // Relaxed: the fence in wake_sleepers() stands between this and the look for those who meant to sleep for longer.
    if (expiry_ns_.compare_exchange_weak(known, deadline_ns, std::memory_order_relaxed, std::memory_order_relaxed))
      return wake_sleepers();
}

void Hub::give_up_expired() noexcept {
  const std::int64_t expiry_ns = expiry_ns_.load(std::memory_order_relaxed);
  if (expiry_ns == INT64_MAX) return;
  const std::int64_t now_ns = bus::now_ns();
  if (now_ns < expiry_ns) return;
  // First, so that calls that are made meanwhile are not forgotten. Relaxed: of two sections under the table's lock one
  // is first. If it is the one that records a call, we find the call; if it is ours, expect_by() sees this and lowers
  // it again.
  expiry_ns_.store(INT64_MAX, std::memory_order_relaxed);
  std::int64_t next_ns = INT64_MAX;
  bool any = false;
  in_flight_.abandon_if(Ending::Failed, [&](const InFlight& record) {
    if (record.caller == nullptr || !record.caller->has_callback()) return false;
    if (record.deadline_ns > now_ns) return next_ns = std::min(next_ns, record.deadline_ns), false;
    static_cast<AsyncCall&>(*record.caller).give_up(GaveUp::DeadlineExceeded);
    return any = true;
  });
  if (next_ns != INT64_MAX) expect_by(next_ns);
  tell_cancelled(in_flight_.untold());
  if (any) wake_sleepers();  // who runs callbacks may have looked before they were due
}

std::size_t Hub::run_due(std::size_t most) {
  give_up_expired();
  std::size_t count = 0;
  for (; count < most; ++count) {
    AsyncCall* const call = async_.next_due();
    if (call == nullptr) break;
    Completion completion = std::move(call->completion);
    const RouteInfo& route = *call->route;
    auto result = outcome(*call);
    async_.give_back(*call);  // before the user's code, which may throw, or make the next call
    const auto origin = result ? result->origin() : std::nullopt;
    const OriginScope scope{origin.value_or(std::chrono::nanoseconds{}).count()};
    std::move(completion)(std::move(result), route);
  }
  return count;
}

void Hub::drop_due() noexcept {
  while (AsyncCall* const call = async_.next_due()) {
    const Completion last = std::move(call->completion);
    async_.give_back(*call);
  }
}

}  // namespace shunt::host

namespace shunt {

PendingBytes& PendingBytes::operator=(PendingBytes&& other) noexcept {
  if (this == &other) return *this;
  end();
  core_ = std::move(other.core_);
  call_ = std::exchange(other.call_, nullptr);
  return *this;
}

PendingBytes::~PendingBytes() { end(); }

void PendingBytes::end() noexcept {
  if (call_ != nullptr) core_->hub->end_call(*std::exchange(call_, nullptr));
}

bool PendingBytes::ready() { return call_ == nullptr || core_->hub->ready(*call_); }

Result<ReceivedBytes> PendingBytes::get() {
  if (call_ == nullptr) return error(ErrorCode::BadInput, "the outcome of a call that was moved elsewhere");
  return core_->hub->get(*call_);
}

bool PendingBytes::cancel() noexcept { return call_ != nullptr && core_->hub->cancel(call_->correlation); }

Status PendingBytes::check_reply(const void* root) const { return shunt::check_reply(*call_->route, root); }
Error PendingBytes::bad_payload(std::size_t bytes) const { return shunt::bad_payload(*call_->route, "reply", bytes); }

bool StartedCall::cancel() noexcept { return core_->hub->cancel(correlation_); }

}  // namespace shunt
