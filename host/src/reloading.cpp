/// New builds of plugins, which come while the host runs. One takes the place of the one that serves by a switch; where
/// it has a route with other types, that is another route of the same name, and the one of before goes on leading to
/// the build that knows it. A version that nobody can be led to any more is forgotten when its file is another one.

#include "reloading.hpp"

#include "switching.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::chrono::milliseconds kBusyTick{10};

bool has(const std::vector<RouteInfo*>& routes, const RouteInfo* route) {
  return std::ranges::find(routes, route) != routes.end();
}

/// Whether messages of the route would find somebody there.
bool takes(const PluginVersion& version, const RouteInfo* route) {
  return has(version.functions, route) || has(version.topics_in, route);
}

bool takes_named(const PluginVersion& version, const RouteInfo* route) {
  const auto is_named = [&](const RouteInfo* each) { return each->name == route->name; };
  return std::ranges::any_of(route->function ? version.functions : version.topics_in, is_named);
}

using Routes = std::vector<RouteInfo*> PluginVersion::*;

/// Whether one of its versions that sit somewhere has the route among these of its own.
bool any_sits(const Plugin& plugin, Routes routes, const RouteInfo* route) {
  return std::ranges::any_of(plugin.seats, [&](const auto& each) { return has(*each.second.version.*routes, route); });
}

/// One in quarantine is started again by somebody.
bool is_to_run(const Plugin& plugin) { return !plugin.stopped || plugin.restarting != 0 || plugin.is_quarantined; }

}  // namespace

/// What a reload does within the supervisor.
struct Supervisor::Reloads {
  static std::vector<std::string> others(const Supervisor& own, const std::string& than, Routes routes,
                                         const RouteInfo* route);
  static Users users_of(const Supervisor& own, const PluginVersion& version);
  static bool is_used(const Supervisor& own, const std::string& plugin, const RouteInfo& route);
  static std::map<std::uint32_t, Shares> shares_left(const Supervisor& own, const Plugin& plugin,
                                                     const PluginVersion& to);
  static void begin(Supervisor& own, std::shared_ptr<PluginVersion> version, const Reloaded& done);
  static void forget(Supervisor& own, const std::string& name);
  static void end_all(Supervisor& own, Plugin& plugin, const std::string& name);
  static void serve_next(Supervisor& own, Plugin& plugin, const Move& move, const Reloaded& done);
  static Status check_identity(const Plugin& plugin, const PluginVersion& version);
  static void took_over(Supervisor& own, const Reload& reload);
  static bool is_needed(const Supervisor& own, const Plugin& plugin, const std::shared_ptr<PluginVersion>& version);
  static void cool_down(Supervisor& own, Plugin& plugin);
};

// ---- Who uses what

/// Plugins with the route among these, that run or are to.
std::vector<std::string> Supervisor::Reloads::others(const Supervisor& own, const std::string& than, Routes routes,
                                                     const RouteInfo* route) {
  std::vector<std::string> names;
  for (const auto& [name, plugin] : own.plugins_)
    if (name != than && is_to_run(plugin) && any_sits(plugin, routes, route)) names.push_back(name);
  return names;
}

/// Other plugins, and the host's own threads.
Users Supervisor::Reloads::users_of(const Supervisor& own, const PluginVersion& version) {
  Users users;
  const std::string& name = version.name();
  const std::string host = "the host";
  for (std::size_t i = 0; i < version.functions.size(); ++i) {
    const std::string& function = version.image.manifest.functions[i].name;
    for (const std::string& who : others(own, name, &PluginVersion::calls, version.functions[i]))
      users.emplace(function, who);
    if (version.functions[i]->handles.load(std::memory_order_relaxed) > 0) users.emplace(function, host);
  }
  for (const RouteInfo* const topic : version.topics_out) {
    if (!others(own, name, &PluginVersion::topics_out, topic).empty()) continue;  // it does not fall silent
    const std::string part = "topic out " + topic->name;
    for (const std::string& who : others(own, name, &PluginVersion::topics_in, topic)) users.emplace(part, who);
    if (std::ranges::any_of(own.inboxes_, [&](const auto& inbox) { return &inbox->route == topic; }))
      users.emplace(part, host);
  }
  return users;
}

/// Whether anybody but the plugin itself sends over it.
bool Supervisor::Reloads::is_used(const Supervisor& own, const std::string& plugin, const RouteInfo& route) {
  return route.handles.load(std::memory_order_relaxed) > 0 ||
         !others(own, plugin, &PluginVersion::calls, &route).empty() ||
         !others(own, plugin, &PluginVersion::topics_out, &route).empty();
}

Result<InService> Supervisor::in_service(const std::string& name) {
  InService in_service;
  for (const auto& [each, plugin] : plugins_)
    for (const auto& [number, seat] : plugin.seats)
      if (each != name)
        for (const auto* routes : {&seat.version->calls, &seat.version->topics_in, &seat.version->topics_out})
          in_service.in_use.insert(routes->begin(), routes->end());
  for (const auto& inbox : inboxes_) in_service.in_use.insert(&inbox->route);
  const Plugin* const plugin = find(name);
  if (plugin == nullptr) return in_service;
  if (plugin->by_hand)
    return error(ErrorCode::BadInput, "\"{}\" was started by hand, and what it runs is not the host's: end it first",
                 name);
  in_service.version = plugin->serving;
  in_service.known = plugin->versions;
  in_service.users = Reloads::users_of(*this, *plugin->serving);
  in_service.known_types = plugin->known_types.of(*plugin->serving);
  return in_service;
}

// ---- Taking over

/// What goes on leading to older builds once this one serves: the routes that it has with other types; and what else of
/// them, or of what was left so before, somebody uses yet. A topic that it does not hear any more is not heard.
std::map<std::uint32_t, Shares> Supervisor::Reloads::shares_left(const Supervisor& own, const Plugin& plugin,
                                                                 const PluginVersion& to) {
  std::map<std::uint32_t, Shares> left;
  const std::string& name = to.name();
  for (const auto* routes : {&plugin.serving->functions, &plugin.serving->topics_in})
    for (const RouteInfo* const route : *routes)
      if (!takes(to, route) && (takes_named(to, route) || (route->function && is_used(own, name, *route))))
        left[route->id.value] = plugin.shares_said(route->id.value);
  for (const auto& [number, shares] : plugin.shares) {
    const RouteInfo* const route = own.directory_.at({number});
    if (!takes(*plugin.serving, route) && !takes(to, route) && (route->function || takes_named(to, route)) &&
        is_used(own, name, *route))
      left[number] = shares;
  }
  return left;
}

void Supervisor::reload(Reload reload, Reloaded done) {
  if (stopping_) return done(error(ErrorCode::Stopped, "the host is being stopped"), false);
  const std::string& name = reload.version->name();
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return Reloads::begin(*this, reload.version, done);
  if (plugin->switching || plugin->restarting != 0 || plugin->is_leaving()) {
    loop_.after(kBusyTick, [this, reload = std::move(reload), done = std::move(done)]() mutable {
      this->reload(std::move(reload), std::move(done));
    });
    return;
  }
  const auto is_lost = [&](const auto& user) {
    return std::ranges::find(reload.lost, user.first) != reload.lost.end();
  };
  if (plugin->by_hand || plugin->serving != reload.instead_of ||
      std::ranges::any_of(Reloads::users_of(*this, *plugin->serving), is_lost))
    return done({}, true);
  if (const Status is_own = Reloads::check_identity(*plugin, *reload.version); !is_own) return done(is_own, false);
  Move move{.plugin = name, .from_version = plugin->serving, .to_version = reload.version};
  move.from_shares = plugin->shares;
  move.to_shares = Reloads::shares_left(*this, *plugin, *reload.version);
  move.from_shadow = plugin->shadow;
  move.from_traits = plugin->traits;
  std::vector<Move> moves{move};
  if (const Status met = check_calls(moves); !met) return done(met, false);
  if (const Status fits = find_states(moves); !fits) return done(fits, false);
  if (plugin->stopped) return Reloads::serve_next(*this, *plugin, move, done);
  const auto switching = std::make_shared<Switching>(Switching{.moves = std::move(moves), .done = {}});
  switching->done = [this, reload, done = std::move(done)](const Status& status) {
    if (status) Reloads::took_over(*this, reload);
    done(status, false);
  };
  stage(switching);
}

/// Of a plugin that was not there. One that does not come to serve leaves nothing behind.
void Supervisor::Reloads::begin(Supervisor& own, std::shared_ptr<PluginVersion> version, const Reloaded& done) {
  const std::string name = version->name();
  if (const Status added = own.add(std::move(version)); !added) return done(added, false);
  Plugin& plugin = *own.find(name);
  plugin.stopped = false;
  prefer_routes(own.directory_, *plugin.serving, nullptr);
  struct Progress {
    std::size_t left = 0;
    Status status;
  };
  const auto progress = std::make_shared<Progress>(Progress{plugin.seats.size(), {}});
  own.publish_table();
  own.start(plugin, [&own, name, progress, done](const Status& started) {
    if (!started && progress->status) progress->status = started;
    if (--progress->left > 0) return;
    if (!progress->status) forget(own, name);
    done(progress->status, false);
  });
}

/// A plugin that never served.
void Supervisor::Reloads::forget(Supervisor& own, const std::string& name) {
  Plugin* const plugin = own.find(name);
  if (plugin == nullptr) return;
  plugin->stopped = true;
  end_all(own, *plugin, name);
  own.take_down(name, "did not come to serve");
  own.plugins_.erase(name);
  own.publish_table();
}

/// Nobody of it sits anywhere, or is on the way to.
void Supervisor::Reloads::end_all(Supervisor& own, Plugin& plugin, const std::string& name) {
  for (auto& [number, seat] : plugin.seats) {
    own.loop_.cancel(std::exchange(seat.restart, 0));
    seat.current = nullptr;
  }
  for (auto& [key, running] : own.running_) {
    if (running.version->name() != name || std::exchange(running.expected_end, true)) continue;
    running.process->stop_asked();
    running.process->drain_done();
  }
}

/// A plugin that is stopped serves by it when it is started; one that crashed too often is, now. Where that fails, it
/// is as it was.
void Supervisor::Reloads::serve_next(Supervisor& own, Plugin& plugin, const Move& move, const Reloaded& done) {
  const auto lead = [&own](Plugin& to, const std::shared_ptr<PluginVersion>& version,
                           const std::map<std::uint32_t, Shares>& shares) {
    prefer_routes(own.directory_, *version, to.serving.get());
    to.serving = version;
    to.shares = shares;
    own.end_shadow(to);
    own.set_seats(to);
    own.publish_table();
  };
  const bool starts = plugin.is_quarantined;
  lead(plugin, move.to_version, move.to_shares);
  const Reload reload{.version = move.to_version, .instead_of = move.from_version};
  if (!starts) {
    took_over(own, reload);
    return done({}, false);
  }
  own.restart(Scope{move.plugin}, {}, [&own, lead, move, reload, done, why = plugin.why_down](const Status& started) {
    Plugin* const still = own.find(move.plugin);
    if (started) took_over(own, reload);
    else if (still != nullptr && still->serving == move.to_version) {
      still->stopped = still->is_quarantined = true;
      still->why_down = why;
      end_all(own, *still, move.plugin);
      own.take_down(move.plugin, why);
      lead(*still, move.from_version, move.from_shares);
    }
    done(started, false);
  });
}

// ---- Versions

/// Errors: BadInput.
Status Supervisor::Reloads::check_identity(const Plugin& plugin, const PluginVersion& version) {
  for (const auto& known : plugin.versions)
    if (known.get() != &version && known->image.version == version.image.version)
      return error(ErrorCode::BadInput, "{} {} is there already with other bytes: give it another version",
                   version.name(), to_string(version.image.version));
  return {};
}

/// It serves, and is one of the plugin's versions. Seats are numbered by their places: one that is forgotten leaves its
/// own to the next.
void Supervisor::Reloads::took_over(Supervisor& own, const Reload& reload) {
  Plugin* const plugin = own.find(reload.version->name());
  if (plugin == nullptr) return;
  plugin->served_before = reload.instead_of;
  plugin->known_types.add(*reload.version);
  cool_down(own, *plugin);
  auto& versions = plugin->versions;
  if (std::ranges::find(versions, reload.version) == versions.end()) {
    const auto place = std::ranges::find_if(versions, [&](const auto& each) { return !is_needed(own, *plugin, each); });
    if (place == versions.end()) {
      versions.push_back(reload.version);
    } else {
      plugin->crashes_of.erase(place->get());
      plugin->candidates.clear();  // which hold what hints meant the forgotten one by
      *place = reload.version;
    }
  }
  for (std::uint32_t seat = 0; reload.version->configuration.warm && seat < reload.version->configuration.instances;
       ++seat)
    if (warm_of(*plugin, *reload.version, seat) == nullptr)
      plugin->warm.push_back({reload.version, seat, Backoff{reload.version->configuration.restart}});
}

bool Supervisor::Reloads::is_needed(const Supervisor& own, const Plugin& plugin,
                                    const std::shared_ptr<PluginVersion>& version) {
  if (!version->is_replaced || version == plugin.serving || version == plugin.served_before) return true;
  const auto shares = [&](const auto& each) {
    return std::ranges::find(each.second, version, &VersionShare::version) != each.second.end();
  };
  const auto sits = [&](const auto& each) {
    return each.second.version == version || each.second.before.version == version;
  };
  const auto is_its = [&](const auto& each) { return each.second.version == version; };
  return std::ranges::any_of(plugin.shares, shares) || std::ranges::any_of(plugin.seats, sits) ||
         std::ranges::any_of(plugin.guarded, [&](const auto& each) { return each.second.lts == version; }) ||
         std::ranges::any_of(plugin.warm, [&](const Warm& each) { return each.version == version; }) ||
         std::ranges::any_of(own.running_, is_its);
}

/// Of what was replaced, only who served last is kept warm.
void Supervisor::Reloads::cool_down(Supervisor& own, Plugin& plugin) {
  for (Warm& warm : plugin.warm) {
    if (!warm.version->is_replaced || warm.version == plugin.served_before || is_seated(plugin, warm.version)) continue;
    own.loop_.cancel(std::exchange(warm.restart, 0));
    const auto instance = std::exchange(warm.instance, nullptr);
    Running* const running = instance == nullptr ? nullptr : own.find(*instance);
    warm.version = nullptr;
    if (running == nullptr) continue;
    running->expected_end = true;
    running->process->stop_asked();
    running->process->drain_done();
  }
  std::erase_if(plugin.warm, [](const Warm& each) { return each.version == nullptr; });
}

}  // namespace shunt::host
