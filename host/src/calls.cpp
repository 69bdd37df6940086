/// Calls, once their request is on its way: waiting for the reply, giving up, and telling so to whom it concerns.

#include "core.hpp"
#include "origin_scope.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host/route_handle.hpp>

namespace shunt::host {

Result<ReceivedBytes> Hub::await(PendingCall& pending, std::uint64_t correlation, const RouteInfo& route,
                                 const CallRequest& request) {
  if (!wait(pending, request.deadline_ns, request.wait)) {
    if (in_flight_.abandon(correlation, Ending::Failed) != nullptr) {
      route.counters.failed.fetch_add(1, std::memory_order_relaxed);
      tell_cancelled(kToldAtOnce);
      return failed(route, too_late(route));
    }
    while (!pending.completed()) bus::spin_pause();  // somebody is completing it this moment
  }
  if (pending.failure) {
    route.counters.failed.fetch_add(1, std::memory_order_relaxed);
    return failed(route, std::move(*pending.failure));
  }
  return std::move(pending.reply);
}

/// Calls that nobody waits for any more, up to `most`: of a plugin that has the request it is asked to cancel, and
/// where the request waits in a backlog it goes. A plugin that has no room to be told is told later: by whoever drains
/// next, or by the watch.
void Hub::tell_cancelled(std::size_t most) noexcept {
  for (; most > 0; --most) {
    InFlight record;
    std::shared_ptr<Instance> target;  // beyond the lock, which the record's own pointer does not outlive
    const bool found = in_flight_.next_untold([&](const InFlight& untold) {
      record = untold;
      if (untold.target != nullptr) target = untold.target->shared_from_this();
    });
    if (!found) return;
    if (target == nullptr) {
      withdraw(*record.route, record.correlation);
      continue;
    }
    if (target->push_cancel(record.route->id, record.correlation, record.position) != Pushed::Yes)
      in_flight_.tell_later(record.correlation);
    suspect(*target);
  }
  if (in_flight_.untold() > 0) backlogged_.store(true, std::memory_order_release);
}

void Hub::withdraw(const RouteInfo& route, std::uint64_t correlation) noexcept {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  if (entry == nullptr) return;
  entry->for_each_seat([&](const Target& target) {
    target.outlet->withdraw(correlation,
                            [&](const QueuedMessage& message) { let_go(message.header, *target.outlet->pool); });
  });
}

namespace {

inline CallRequest request_on(const RouteInfo& route, const CallOptions& options) {
  CallRequest request;
  request.asked_ns = bus::now_ns();
  request.deadline_ns = bus::deadline_after(request.asked_ns, options.deadline.value_or(route.settings.deadline));
  request.wait = options.wait.value_or(static_cast<bus::Wait>(route.settings.wait));
  request.origin_ns = origin_ns_of(options.origin);
  request.key = options.key.value;
  if (!options.hints.empty()) request.hints = &options.hints;
  return request;
}

}  // namespace
}  // namespace shunt::host

namespace shunt {

Result<ReceivedBytes> RouteHandle::call(const Chunks& chunks, const bus::Built& built,
                                        const CallOptions& options) const {
  SHUNT_CHECK(check_place(chunks, built));
  return core_->hub->call(*route_, chunks.pool_, built, host::request_on(*route_, options));
}

Result<PendingBytes> RouteHandle::call_async(const Chunks& chunks, const bus::Built& built,
                                             const CallOptions& options) const {
  SHUNT_CHECK(check_place(chunks, built));
  SHUNT_TRY(started, core_->hub->start_call(*route_, chunks.pool_, built, host::request_on(*route_, options), {}));
  return PendingBytes{core_, *started.call};
}

Result<StartedCall> RouteHandle::call_async(const Chunks& chunks, const bus::Built& built, const CallOptions& options,
                                            host::Completion completion) const {
  SHUNT_CHECK(check_place(chunks, built));
  SHUNT_TRY(started, core_->hub->start_call(*route_, chunks.pool_, built, host::request_on(*route_, options),
                                            std::move(completion)));
  return StartedCall{core_, started.correlation};
}

}  // namespace shunt
