/// Seats whose instance has died: when somebody sits there again, and who does its work meanwhile.

#include "supervisor.hpp"

#include <algorithm>

namespace shunt::host {

bool Supervisor::is_starting(const Plugin& plugin, std::uint32_t seat) const {
  return std::ranges::any_of(running_, [&](const auto& each) {
    return each.second.version == plugin.serving && each.second.seat == seat && !each.second.expected_end &&
           each.second.process->state() < State::Active;
  });
}

/// One that is in quarantine leaves what is for it to its plugin's other seats; the last one takes the plugin with it.
void Supervisor::crashed(const std::string& name, Plugin& plugin, std::uint32_t number, const std::string& why) {
  ++plugin.crashes;
  Seat& seat = plugin.seats[number];
  const auto delay = seat.backoff.crashed(EventLoop::Clock::now());
  if (!delay || stopping_) {
    plugin.stopped = stopping_ || std::ranges::all_of(plugin.seats, [](const Seat& each) {
                       return each.current == nullptr && each.backoff.is_quarantined();
                     });
    if (stopping_) return;
    if (plugin.stopped)
      plugin.why_down = fmt::format("is in quarantine after too many crashes; the last: {}; see `shunt restart`", why);
    events_.add({.kind = HostEventKind::Quarantined,
                 .plugin = name,
                 .text = fmt::format("too many crashes{}: {}; see `shunt restart`",
                                     plugin.stopped ? "" : " of one instance, and the others go on", why)});
    return;
  }
  events_.add(
      {.kind = HostEventKind::Restarting,
       .plugin = name,
       .text = fmt::format("again in {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(*delay).count())});
  seat.restart = loop_.after(*delay, [this, name, number] { start_again(name, number); });
}

/// Unless somebody serves already or is about to. What fails later ends in on_ended(), which counts it as a crash and
/// comes back here.
void Supervisor::start_again(const std::string& name, std::uint32_t seat) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || plugin->stopped || plugin->switching || stopping_ || seat >= plugin->width() ||
      plugin->seats[seat].current != nullptr || plugin->seats[seat].backoff.is_quarantined() ||
      is_starting(*plugin, seat))
    return;
  stage(plugin->serving, seat, {}, [this, name](const Status& status) {
    if (!status) events_.add({.kind = HostEventKind::PhaseFailed, .plugin = name, .text = to_string(status.error())});
  });
  if (is_starting(*plugin, seat)) return;
  crashed(name, *plugin, seat, "it could not be started");
  if (plugin->stopped) take_down(name, "it could not be started");
}

void Supervisor::start_again(const std::string& name) {
  for (std::uint32_t seat = 0; find(name) != nullptr && seat < find(name)->width(); ++seat) start_again(name, seat);
}

/// Whether nobody sits there who could handle what waits. Where a switch's newcomer has died it is for another one of
/// them, although the one before finishes there what it has.
bool Supervisor::is_empty(const Outlet& outlet) const {
  const auto plugin = plugins_.find(outlet.consumer);
  if (plugin == plugins_.end() || outlet.seat >= plugin->second.seats.size()) return true;
  const Seat& seat = plugin->second.seats[outlet.seat];
  const bool finishes = outlet.seat >= plugin->second.width() && seat.before.instance != nullptr;
  return seat.current == nullptr && seat.leaving == nullptr && !finishes;
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
  const auto has_several = [](const auto& version) { return version->configuration.instances > 1; };
  if (plugin == nullptr || std::ranges::none_of(plugin->versions, has_several)) return;
  to_others();
  tables_.after_readers([this, to_others] { loop_.post(to_others); });
}

}  // namespace shunt::host
