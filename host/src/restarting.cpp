/// Seats whose instance has died: when somebody sits there again, and who does its work meanwhile.

#include "supervisor.hpp"

#include <algorithm>

namespace shunt::host {

bool Supervisor::is_starting(const Seat& seat, std::uint32_t number) const {
  return std::ranges::any_of(running_, [&](const auto& each) {
    return each.second.version == seat.version && each.second.seat == number && !each.second.expected_end &&
           !each.second.newcomer && each.second.process->state() < State::Active;
  });
}

/// One that is in quarantine leaves what is for it to its plugin's other seats; the last one takes the plugin with it.
void Supervisor::crashed(const std::string& name, Plugin& plugin, std::uint32_t number, const std::string& why) {
  ++plugin.crashes;
  Seat& seat = *plugin.seat(number);
  const auto delay = seat.backoff.crashed(EventLoop::Clock::now());
  if (!delay || stopping_) {
    if (is_shadow_seat(number) && !stopping_)
      return events_.add({.kind = HostEventKind::Quarantined,
                          .plugin = name,
                          .version = to_string(seat.version->image.version),
                          .text = "too many crashes of a shadow, which gets no more copies: " + why});
    plugin.stopped = stopping_ || std::ranges::all_of(plugin.seats, [](const auto& each) {
                       return each.second.current == nullptr && each.second.backoff.is_quarantined();
                     });
    if (stopping_) return;
    plugin.is_quarantined = plugin.stopped;
    if (plugin.stopped)
      plugin.why_down = fmt::format("is in quarantine after too many crashes; the last: {}; see `shunt restart`", why);
    events_.add({.kind = HostEventKind::Quarantined,
                 .plugin = name,
                 .text = fmt::format("too many crashes{}: {}; see `shunt restart`",
                                     plugin.stopped ? "" : " of one instance, and the others go on", why)});
    if (plugin.stopped) return;
    publish_table();  // nobody waits for it
    hand_on(name);
    hub_->flush_backlogs();
    return;
  }
  events_.add(
      {.kind = HostEventKind::Restarting,
       .plugin = name,
       .text = fmt::format("again in {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(*delay).count())});
  seat.restart = loop_.after(*delay, [this, name, number] {
    Plugin* const still = find(name);
    if (Seat* const its = still == nullptr ? nullptr : still->seat(number)) its->restart = 0;
    start_again(name, number);
  });
}

/// Unless somebody serves already or is about to. What fails later ends in on_ended(), which counts it as a crash and
/// comes back here.
void Supervisor::start_again(const std::string& name, std::uint32_t seat) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || plugin->stopped || plugin->switching || stopping_) return;
  Seat* const empty = plugin->seat(seat);
  if (empty == nullptr || empty->current != nullptr || empty->backoff.is_quarantined() || is_starting(*empty, seat))
    return;
  if (plugin->stands_by(empty->version) && !empty->version->configuration.warm) return;
  stage(empty->version, seat, {}, [this, name](const Status& status) {
    if (!status) events_.add({.kind = HostEventKind::PhaseFailed, .plugin = name, .text = to_string(status.error())});
  });
  if (const Seat* const now = plugin->seat(seat); now == nullptr || is_starting(*now, seat)) return;
  crashed(name, *plugin, seat, "it could not be started");
  if (plugin->stopped) take_down(name, "it could not be started");
}

void Supervisor::start_again(const std::string& name) {
  const Plugin* const plugin = find(name);
  if (plugin == nullptr) return;
  for (const auto& [number, version] : seats_meant(*plugin)) start_again(name, number);
}

/// Nobody waits for it: what it needs is outside, and may be missing for as long as the host runs.
void Supervisor::start_bridge(const std::string& name, Plugin& plugin) {
  plugin.stopped = false;
  publish_table();
  start_again(name);
}

/// Whether nobody sits there who could handle what waits. Where a switch's newcomer has died it is for another one of
/// them, although the one before finishes there what it has.
bool Supervisor::is_empty(const Outlet& outlet) const {
  const auto plugin = plugins_.find(outlet.consumer);
  if (plugin == plugins_.end()) return true;
  const auto seat = plugin->second.seats.find(outlet.seat);
  return seat == plugin->second.seats.end() ||
         (seat->second.current == nullptr && seat->second.leaving == nullptr &&
          (!seat->second.gone || seat->second.before.instance == nullptr)) ||
         plugin->second.is_shunned(outlet.route.value, *seat->second.version);
}

/// What waits before empty seats of a plugin goes to those that are not. A sender that still had the table of before
/// may put one more message there.
void Supervisor::hand_on(const std::string& name) {
  const auto to_others = [this, name] {
    std::vector<Outlet*> empty;  // which live as long as the catalog
    catalog_.for_each_outlet([&](Outlet& outlet) {
      if (outlet.consumer == name && outlet.waiting() > 0 && is_empty(outlet)) empty.push_back(&outlet);
    });
    for (Outlet* const outlet : empty) hub_->hand_on(*outlet);
    if (!empty.empty()) hub_->flush_backlogs();
  };
  const Plugin* const plugin = find(name);
  // One that has one version with one instance has nobody else.
  if (plugin == nullptr || (plugin->versions.size() == 1 && plugin->versions.front()->configuration.instances == 1))
    return;
  to_others();
  tables_.after_readers([this, to_others] { loop_.post(to_others); });
}

}  // namespace shunt::host
