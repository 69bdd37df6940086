/// Versions that are kept up while another one serves: a switch to one of them is an exchange, and takes no start.
///
///     cold      as every version that does not serve: nothing of it runs
///     warm      Active, and no route leads to it. What it publishes by itself, as a timer may, is dropped and counted;
///               its calls hear NotServing. One of the old version's messages less, or more, would be its doing.
///     serves    after an exchange. What it served before goes warm when it has finished what it has and holds nothing;
///               not where it has state, which would be an old one: it ends, and another is started.

#include "supervisor.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {

Warm* Supervisor::warm_of(Plugin& plugin, const PluginVersion& version, std::uint32_t seat) {
  const auto found = std::ranges::find_if(plugin.warm, [&](const Warm& each) {
    return each.version.get() == &version && each.seat == seat % kInstancesMax;
  });
  return found == plugin.warm.end() ? nullptr : &*found;
}

/// Whether an instance of the version runs or is being started for the seat, and nobody has told it to end.
bool Supervisor::is_up(const PluginVersion& version, std::uint32_t seat) const {
  return std::ranges::any_of(running_, [&](const auto& each) {
    return each.second.version.get() == &version && each.second.seat % kInstancesMax == seat % kInstancesMax &&
           !each.second.expected_end;
  });
}

/// Whether it has seats: it serves, or shares a route with the version that does.
bool Supervisor::is_seated(const Plugin& plugin, const std::shared_ptr<PluginVersion>& version) {
  return std::ranges::any_of(plugin.seats,
                             [&](const auto& each) { return each.second.version == version && !each.second.gone; });
}

/// How many warm_up() would start if nothing of the plugin ran yet but what serves.
std::size_t Supervisor::count_warm(const Plugin& plugin) {
  return static_cast<std::size_t>(
      std::ranges::count_if(plugin.warm, [&](const Warm& each) { return !is_seated(plugin, each.version); }));
}

Supervisor::CountUp Supervisor::count_up(const std::string& plugin) const {
  const auto found = plugins_.find(plugin);
  if (found == plugins_.end()) return {};
  return {found->second.seats.size(), count_warm(found->second)};
}

/// Starts every instance that is to be warm and is not up; `started` once for each, when it is warm or has failed.
void Supervisor::warm_up(const std::string& name, const Done& started) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || plugin->stopped || stopping_) return;
  for (const Warm& warm : plugin->warm) {
    if (is_seated(*plugin, warm.version) || warm.restart != 0 || warm.backoff.is_quarantined() ||
        is_up(*warm.version, warm.seat))
      continue;
    const auto version = warm.version;
    const std::uint32_t seat = warm.seat;
    stage(version, seat, {}, [this, name, version, started](const Status& status) {
      if (!status)
        events_.add({.kind = HostEventKind::PhaseFailed,
                     .plugin = name,
                     .version = to_string(version->image.version),
                     .text = to_string(status.error())});
      if (started) started(status);
    });
    if (!is_up(*version, seat)) warm_crashed(name, *version, seat, "it could not be started");
  }
}

/// An instance of it ended that was to be warm, or about to be.
void Supervisor::warm_crashed(const std::string& name, const PluginVersion& version, std::uint32_t seat,
                              const std::string& why) {
  Plugin& plugin = *find(name);
  Warm& warm = *warm_of(plugin, version, seat);
  ++plugin.crashes;
  const auto note_it = [&](HostEventKind kind, std::string text) {
    events_.add({.kind = kind, .plugin = name, .version = to_string(version.image.version), .text = std::move(text)});
  };
  const auto delay = warm.backoff.crashed(EventLoop::Clock::now());
  if (stopping_) return;
  if (!delay)
    return note_it(HostEventKind::Quarantined, "too many crashes while it was warm: " + why + "; see `shunt restart`");
  const auto delay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*delay);
  note_it(HostEventKind::Restarting, fmt::format("warm again in {} ms", delay_ms.count()));
  warm.restart = loop_.after(*delay, [this, name, version = warm.version, seat] {
    Plugin* const still = find(name);
    Warm* const place = still == nullptr ? nullptr : warm_of(*still, *version, seat);
    if (place == nullptr) return;
    place->restart = 0;
    warm_up(name, {});
  });
}

/// Whether another instance of its version runs or is being started for its seat, and nobody has told it to end.
bool Supervisor::has_double(const Running& running) const {
  return std::ranges::any_of(running_, [&](const auto& each) {
    return &each.second != &running && each.second.version == running.version &&
           each.second.seat % kInstancesMax == running.seat % kInstancesMax && !each.second.expected_end;
  });
}

/// It is Active, no route leads to it and it has nothing: true, and it is warm from now on, if it is to be and no other
/// one is, or will be.
bool Supervisor::go_warm(Running& running) {
  Instance& instance = running.process->instance();
  Plugin* const plugin = find(instance.identity.plugin);
  Warm* const warm = plugin == nullptr ? nullptr : warm_of(*plugin, *running.version, running.seat);
  if (warm == nullptr || plugin->stopped || stopping_ || is_seated(*plugin, running.version)) return false;
  if (has_double(running) || is_shadow_seat(running.seat)) return false;
  if (running.served && !running.version->image.manifest.state.empty()) return false;
  instance.harvest();
  if (instance.progress().held_chunks > 0) return false;  // what it holds of its cap would be another's
  if (running.process->state() == State::Draining) running.process->resume();
  running.expected_end = false;
  running.served = false;
  running.seat = warm->seat;
  instance.muted.store(true, std::memory_order_relaxed);
  warm->instance = running.process->share();
  warm->backoff.became_active(EventLoop::Clock::now());
  note(HostEventKind::Warm, instance, "is up, and no route leads to it");
  return true;
}

/// No route leads to it any more and it has finished what it had: it is kept warm, or ends.
void Supervisor::retire(Running& running, Done ended) {
  if (go_warm(running)) return ended ? ended({}) : void();
  if (ended) running.ended.push_back(std::move(ended));
  running.process->drain_done();
}

/// With its plugin. What is warm has nothing to finish.
void Supervisor::stop_warm(Plugin& plugin) {
  for (Warm& warm : plugin.warm) {
    loop_.cancel(std::exchange(warm.restart, 0));
    const auto instance = std::exchange(warm.instance, nullptr);
    Running* const running = instance == nullptr ? nullptr : find(*instance);
    if (running == nullptr) continue;
    running->expected_end = true;
    running->process->stop_asked();
    running->process->drain_done();
  }
}

}  // namespace shunt::host
