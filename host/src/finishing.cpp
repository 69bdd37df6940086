/// Waiting until plugins have finished what they have: one, or several that still send each other what their work leads
/// to.

#include "finishing.hpp"

#include "units.hpp"

#include <algorithm>

namespace shunt::host {

/// The instances of a plugin that may have messages: not those that are being started or cleaned up, and no shadows,
/// whose messages are nobody's.
std::vector<Running*> Supervisor::serving_of(const std::string& plugin) {
  std::vector<Running*> result;
  for (auto& [instance, running] : running_) {
    const State state = running.process->state();
    const bool may_have = state == State::Active || state == State::Draining;
    if (running.version->name() == plugin && may_have && !is_shadow_seat(running.seat)) result.push_back(&running);
  }
  return result;
}

/// The same before one of its seats.
bool Supervisor::any_waits_before(const std::string& plugin, std::uint32_t seat) {
  bool any = false;
  catalog_.for_each_outlet(
      [&](const Outlet& outlet) { any |= outlet.waiting() > 0 && outlet.consumer == plugin && outlet.seat == seat; });
  return any;
}

bool Supervisor::any_waits_for(const std::string& plugin) {
  bool any = false;
  catalog_.for_each_outlet([&](const Outlet& outlet) { any |= outlet.waiting() > 0 && outlet.consumer == plugin; });
  return any;
}

/// Whether the plugin has something to do that it was given. What waits for one that nobody starts is nobody's work.
bool Supervisor::has_work(const std::string& plugin, bool host_ends) {
  const auto serving = serving_of(plugin);
  const Plugin* const known = find(plugin);
  const bool comes_back = known != nullptr && !known->stopped;
  if ((comes_back || !serving.empty()) && any_waits_for(plugin)) return true;
  return std::ranges::any_of(serving, [&](Running* running) {
    Instance& instance = running->process->instance();
    if (!host_ends) return !is_done(instance);
    return !instance.idle() || is_asked_by_somebody(instance) || hub_->untaken(instance) == Hub::Untaken::More;
  });
}

/// Calls to it whose reply somebody waits for, and calls of its own.
bool Supervisor::is_asked_by_somebody(const Instance& instance) {
  bool any = false;
  hub_->in_flight().for_each([&](const InFlight& record) {
    any |= record.origin == &instance ||
           (record.target == &instance && (record.caller != nullptr || record.origin != nullptr));
    return false;
  });
  return any;
}

void Supervisor::finish(std::shared_ptr<Finishing> finishing) {
  const auto now = EventLoop::Clock::now();
  finishing->end = now;
  for (Finishing::Part& part : finishing->parts) {
    part.busy_since = now;
    finishing->end = std::max(finishing->end, now + part.limit);
  }
  // A sender that looked at the table of before may push once more: until the last of them is through, an idle plugin
  // says nothing.
  tables_.after_readers(
      [this, finishing = std::move(finishing)] { loop_.post([this, finishing] { finish_tick(finishing); }); });
}

void Supervisor::finish_tick(const std::shared_ptr<Finishing>& finishing) {
  hub_->drain();
  auto& parts = finishing->parts;
  std::erase_if(parts, [&](const Finishing::Part& part) { return !finishing->is_on(part.plugin); });
  const auto sent = [&] {
    std::uint64_t sum = 0;
    for (const Finishing::Part& part : parts)
      for (Running* running : serving_of(part.plugin)) sum += running->process->instance().progress().all_sent();
    return sum;
  };
  const std::uint64_t sent_before = sent();
  const auto now = EventLoop::Clock::now();
  bool any_busy = false;
  std::vector<std::string> late;
  for (Finishing::Part& part : parts) {
    const bool busy = has_work(part.plugin, finishing->host_ends);
    any_busy |= busy;
    if (!busy) part.busy_since = now;
    else if (now - part.busy_since >= part.limit || now >= finishing->end) late.push_back(part.plugin);
  }
  // One that was looked at first may have been sent something by one that was looked at later. Who was sent nothing
  // between two looks that both found nobody busy has not.
  const auto has_work_now = [&](const Finishing::Part& part) { return has_work(part.plugin, finishing->host_ends); };
  if (!any_busy && !std::ranges::any_of(parts, has_work_now) && sent() == sent_before) return finishing->finished();
  for (const std::string& plugin : late) {
    const auto part = std::ranges::find(parts, plugin, &Finishing::Part::plugin);
    const Error why = not_finished(plugin, part->limit, finishing->asked);
    parts.erase(part);
    finishing->late(plugin, why);
  }
  loop_.after(kFinishingTick, [this, finishing] { finish_tick(finishing); });
}

Error Supervisor::not_finished(const std::string& plugin, std::chrono::nanoseconds limit, bool asked) {
  std::string who = plugin;
  std::string left;
  for (Running* running : serving_of(plugin)) {
    Instance& instance = running->process->instance();
    who = fmt::format("{} {}", plugin, to_string(instance.identity.version));
    left += (left.empty() ? "" : "; ") + what_is_left(instance);
  }
  std::uint64_t waiting = 0;
  catalog_.for_each_outlet([&](const Outlet& outlet) { waiting += outlet.consumer == plugin ? outlet.waiting() : 0; });
  if (waiting > 0) left += fmt::format("{}messages that wait for it: {}", left.empty() ? "" : ", ", waiting);
  return {ErrorCode::DeadlineExceeded, fmt::format("{} did not finish what it had within {}{}: {}", who,
                                                   duration_text(limit), asked ? "" : " (deadlines.drain)", left)};
}

}  // namespace shunt::host
