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

/// Whether it takes messages of the route's name, of whatever types.
bool takes_named(const PluginVersion& version, const RouteInfo* route) {
  const auto is_named = [&](const RouteInfo* each) { return each->name == route->name; };
  return std::ranges::any_of(route->function ? version.functions : version.topics_in, is_named);
}

}  // namespace

/// What a reload does within the supervisor.
struct Supervisor::Reloads {
  /// Whether one of its versions that sit somewhere has the route among these of its own.
  static bool any_sits(const Plugin& plugin, std::vector<RouteInfo*> PluginVersion::*routes, const RouteInfo* route) {
    return std::ranges::any_of(plugin.seats,
                               [&](const auto& each) { return has(*each.second.version.*routes, route); });
  }

  static Users users_of(const Supervisor& own, const PluginVersion& version);
  static std::map<std::uint32_t, Shares> shares_left(const Supervisor& own, const Plugin& plugin,
                                                     const PluginVersion& to);
  static void begin(Supervisor& own, std::shared_ptr<PluginVersion> version, Done done);
  static void forget(Supervisor& own, const std::string& name);
  static void serve_next(Supervisor& own, Plugin& plugin, const std::shared_ptr<PluginVersion>& version, Done done);
  static Status add_beside(Supervisor& own, Plugin& plugin, const std::shared_ptr<PluginVersion>& version);
  static bool is_needed(const Supervisor& own, const Plugin& plugin, const std::shared_ptr<PluginVersion>& version);
  static void cool_down(Supervisor& own, Plugin& plugin);
};

/// Other plugins that run or are to, and the host's own threads.
Users Supervisor::Reloads::users_of(const Supervisor& own, const PluginVersion& version) {
  Users users;
  const auto others = [&](std::vector<RouteInfo*> PluginVersion::*routes, const RouteInfo* route) {
    std::vector<std::string> names;
    for (const auto& [name, plugin] : own.plugins_)
      if (name != version.name() && (!plugin.stopped || plugin.restarting != 0) && any_sits(plugin, routes, route))
        names.push_back(name);
    return names;
  };
  const std::string host = "the host";
  for (std::size_t i = 0; i < version.functions.size(); ++i) {
    const std::string& name = version.image.manifest.functions[i].name;
    for (const std::string& who : others(&PluginVersion::calls, version.functions[i])) users.emplace(name, who);
    if (version.functions[i]->handles.load(std::memory_order_relaxed) > 0) users.emplace(name, host);
  }
  for (const RouteInfo* const topic : version.topics_out) {
    if (!others(&PluginVersion::topics_out, topic).empty()) continue;  // it does not fall silent
    const std::string name = "topic out " + topic->name;
    for (const std::string& who : others(&PluginVersion::topics_in, topic)) users.emplace(name, who);
    if (std::ranges::any_of(own.inboxes_, [&](const auto& inbox) { return &inbox->route == topic; }))
      users.emplace(name, host);
  }
  return users;
}

/// What goes on leading to older builds once this one serves: the routes that it has with other types, and of those
/// that were left so before, the ones that somebody uses yet.
std::map<std::uint32_t, Shares> Supervisor::Reloads::shares_left(const Supervisor& own, const Plugin& plugin,
                                                                 const PluginVersion& to) {
  std::map<std::uint32_t, Shares> left;
  const auto is_other = [&](const RouteInfo* route) { return !takes(to, route) && takes_named(to, route); };
  for (const auto* routes : {&plugin.serving->functions, &plugin.serving->topics_in})
    for (const RouteInfo* const route : *routes)
      if (is_other(route)) left[route->id.value] = plugin.shares_said(route->id.value);
  for (const auto& [number, shares] : plugin.shares) {
    const RouteInfo* const route = own.directory_.at({number});
    if (takes(*plugin.serving, route) || !is_other(route)) continue;
    const bool is_called = std::ranges::any_of(
        own.plugins_, [&](const auto& each) { return any_sits(each.second, &PluginVersion::calls, route); });
    if (is_called || route->handles.load(std::memory_order_relaxed) > 0) left[number] = shares;
  }
  return left;
}

/// Of a plugin that was not there. One that does not come to serve leaves nothing behind.
void Supervisor::Reloads::begin(Supervisor& own, std::shared_ptr<PluginVersion> version, Done done) {
  const std::string name = version->name();
  if (const Status added = own.add(std::move(version)); !added) return done(added);
  Plugin& plugin = *own.find(name);
  struct Progress {
    std::size_t left = 0;
    Status status;
  };
  const auto progress = std::make_shared<Progress>(Progress{plugin.seats.size(), {}});
  own.publish_table();
  own.start(plugin, [&own, name, progress, done = std::move(done)](const Status& started) {
    if (!started && progress->status) progress->status = started;
    if (--progress->left > 0) return;
    if (!progress->status) forget(own, name);
    done(progress->status);
  });
}

/// A plugin that never served.
void Supervisor::Reloads::forget(Supervisor& own, const std::string& name) {
  Plugin* const plugin = own.find(name);
  if (plugin == nullptr) return;
  plugin->stopped = true;
  for (auto& [number, seat] : plugin->seats) {
    own.loop_.cancel(std::exchange(seat.restart, 0));
    seat.current = nullptr;
  }
  for (auto& [key, running] : own.running_) {
    if (running.version->name() != name || std::exchange(running.expected_end, true)) continue;
    running.process->stop_asked();
    running.process->drain_done();
  }
  own.take_down(name, "did not come to serve");
  own.plugins_.erase(name);
  own.publish_table();
}

/// A plugin that is stopped serves by it when it is started; one that crashed too often is, now.
void Supervisor::Reloads::serve_next(Supervisor& own, Plugin& plugin, const std::shared_ptr<PluginVersion>& version,
                                     Done done) {
  const bool is_quarantined =
      std::ranges::any_of(plugin.seats, [](const auto& each) { return each.second.backoff.is_quarantined(); });
  plugin.served_before = std::exchange(plugin.serving, version);
  plugin.shares.clear();
  own.set_seats(plugin);
  for (const auto* routes : {&version->functions, &version->topics_in, &version->topics_out})
    own.directory_.prefer(*routes);
  own.publish_table();
  if (!is_quarantined) return done({});
  own.restart(Scope{version->name()}, {}, std::move(done));
}

/// Seats are numbered by the places of versions: one that is forgotten leaves its own to the next. Errors: BadInput.
Status Supervisor::Reloads::add_beside(Supervisor& own, Plugin& plugin, const std::shared_ptr<PluginVersion>& version) {
  if (std::ranges::find(plugin.versions, version) != plugin.versions.end()) return {};
  for (const auto& known : plugin.versions)
    if (known->image.version == version->image.version)
      return error(ErrorCode::BadInput, "{} {} is there already with other bytes: give it another version",
                   version->name(), to_string(version->image.version));
  cool_down(own, plugin);
  const auto place =
      std::ranges::find_if(plugin.versions, [&](const auto& each) { return !is_needed(own, plugin, each); });
  if (place == plugin.versions.end()) plugin.versions.push_back(version);
  else *place = version;
  if (version->configuration.warm)
    for (std::uint32_t seat = 0; seat < version->configuration.instances; ++seat)
      plugin.warm.push_back({version, seat, Backoff{version->configuration.restart}});
  return {};
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
    if (!warm.version->is_replaced || is_seated(plugin, warm.version)) continue;
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

Result<InService> Supervisor::in_service(const std::string& name) {
  const Plugin* const plugin = find(name);
  if (plugin == nullptr) return InService{};
  if (plugin->by_hand)
    return error(ErrorCode::BadInput, "\"{}\" was started by hand, and what it runs is not the host's: end it first",
                 name);
  return InService{plugin->serving, plugin->versions, Reloads::users_of(*this, *plugin->serving)};
}

void Supervisor::reload(std::shared_ptr<PluginVersion> version, std::shared_ptr<PluginVersion> instead_of, Done done) {
  if (stopping_) return done(error(ErrorCode::Stopped, "the host is being stopped"));
  const std::string& name = version->name();
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return Reloads::begin(*this, std::move(version), std::move(done));
  if (plugin->switching || plugin->restarting != 0 || plugin->is_leaving()) {
    loop_.after(kBusyTick, [this, version = std::move(version), instead_of = std::move(instead_of),
                            done = std::move(done)]() mutable {
      reload(std::move(version), std::move(instead_of), std::move(done));
    });
    return;
  }
  if (plugin->by_hand || plugin->serving != instead_of)
    return done(error(ErrorCode::Cancelled, "another build of \"{}\" serves by now", name));
  if (const Status added = Reloads::add_beside(*this, *plugin, version); !added) return done(added);
  if (plugin->stopped) return Reloads::serve_next(*this, *plugin, version, std::move(done));
  const auto switched = [this, instead_of, done = std::move(done)](const Status& status) {
    if (Plugin* const still = find(instead_of->name()); still != nullptr && status) still->served_before = instead_of;
    done(status);
  };
  const auto switching = std::make_shared<Switching>(Switching{.moves = {}, .done = switched});
  switching->moves.push_back({.plugin = name,
                              .from_version = plugin->serving,
                              .to_version = version,
                              .from_shares = plugin->shares,
                              .to_shares = Reloads::shares_left(*this, *plugin, *version),
                              .from_shadow = plugin->shadow});
  if (const Status met = check_calls(switching->moves); !met) return switching->done(met);
  if (const Status fits = find_states(switching->moves); !fits) return switching->done(fits);
  stage(switching);
}

}  // namespace shunt::host
