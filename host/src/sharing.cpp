/// Versions of a plugin that share a route with the one that serves.

#include "route_prefix.hpp"
#include "switching.hpp"

#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace shunt::host {
namespace {

bool has(const PluginVersion& version, const RouteInfo& route) {
  const auto& routes = route.function ? version.functions : version.topics_in;
  return std::ranges::find(routes, &route) != routes.end();
}

}  // namespace

/// "1.4.0 80, 1.5.0 20 (off)"
std::string Supervisor::shares_text(const Shares& shares) {
  std::string text;
  for (const VersionShare& share : shares)
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", to_string(share.version->image.version), share.weight,
                        share.on ? "" : " (off)");
  return text;
}

/// Errors: NoSuchVersion, BadInput.
Result<Shares> Supervisor::shares_of(const RouteInfo& route, const Plugin& plugin, const std::string& name,
                                     const std::vector<RouteTarget>& targets) {
  Shares shares;
  std::uint64_t sum = 0;
  std::uint32_t seats = 0;
  for (const RouteTarget& target : targets) {
    SHUNT_TRY(wanted, Version::parse(target.version));
    const auto version =
        std::ranges::find_if(plugin.versions, [&](const auto& each) { return each->image.version.matches(wanted); });
    if (version == plugin.versions.end())
      return error(ErrorCode::NoSuchVersion, "\"{}\" has no version {}: add its file as another [[plugin]]", name,
                   target.version);
    if (!has(**version, route))
      return error(ErrorCode::BadInput, "{} {} {} \"{}\": leave it out", name, target.version,
                   route.function ? "has no function" : "does not hear", route.name);
    if (std::ranges::find(shares, *version, &VersionShare::version) != shares.end())
      return error(ErrorCode::BadInput, "{} {} is there twice: say one weight", name, target.version);
    if (target.weight > kWeightMax)
      return error(ErrorCode::BadInput, "{} {} has a weight of {}; 0 to {} are meant", name, target.version,
                   target.weight, kWeightMax);
    shares.push_back({*version, target.weight, target.on});
    sum += shares.back().part();
    seats += (*version)->configuration.instances;
  }
  if (!shares.empty() && sum == 0)
    return error(ErrorCode::BadInput, "nobody would get what goes over \"{}\": give one target a weight", route.name);
  if (seats > Choice::kTargetsMax)
    return error(ErrorCode::BadInput, "\"{}\" would be shared by {} instances; at most {} are meant", route.name, seats,
                 Choice::kTargetsMax);
  const auto splits_state = [&](const VersionShare& share) {
    return share.version != plugin.serving && !share.version->image.manifest.state.empty();
  };
  if (std::ranges::any_of(shares, splits_state))
    return error(ErrorCode::BadInput,
                 "\"{}\" has [state], and a version of it beside the one that serves would go on with a state of its "
                 "own: use a switch, which hands it over",
                 name);
  if (shares.size() > 1 && route.settings.order == Order::Total)
    return error(ErrorCode::BadInput,
                 "\"{}\" has a total order, and versions that share it would work side by side: leave one out, or the "
                 "`order`",
                 route.name);
  return shares;
}

/// Whether each plugin that calls the function would find a version that it can call. Errors: NoSuchVersion.
Status Supervisor::check_callers(const RouteInfo& route, const Shares& shares) {
  std::set<const PluginVersion*> callers;
  for (const auto& [name, plugin] : plugins_)
    for (const auto& [number, seat] : plugin.seats)
      if (!plugin.stopped && !shares.empty()) callers.insert(seat.version.get());
  for (const PluginVersion* const caller : callers) {
    const auto wanted = caller->wanted();
    const auto wants = wanted.find(route.id.value);
    const auto suits = [&](const VersionShare& share) {
      return share.part() > 0 && wants->second.versions.contains(share.version->image.version);
    };
    if (wants == wanted.end() || std::ranges::any_of(shares, suits)) continue;
    return error(ErrorCode::NoSuchVersion,
                 "{} {} calls \"{}\" of {}, and {} would share it: leave a part to a version that suits",
                 caller->name(), to_string(caller->image.version), route.name, wants->second.text, shares_text(shares));
  }
  return {};
}

/// Of what stands in the configuration, once all versions are known. Errors: BadConfiguration.
Status Supervisor::share_as_configured() {
  for (const RouteConfiguration& configured : configuration_.routes) {
    if (configured.targets.empty()) continue;
    const auto at = [&](const Error& why) {
      return error(ErrorCode::BadConfiguration, "{}{}routes.{:?}.targets: {}", configured.origin,
                   configured.origin.empty() ? "" : ": ", configured.name, why.message);
    };
    auto meant = routes_meant(configured.name);
    if (!meant) return at(meant.error());
    // A longer prefix, or an entry of its own, says it of a route otherwise.
    std::erase_if(
        *meant, [&](const RouteInfo* each) { return directory_.configured_for(each->name)->name != configured.name; });
    for (const RouteInfo* const route : *meant) {
      auto by_plugin = targets_on(*route, configured.name, {}, configured.targets);
      if (!by_plugin) return at(by_plugin.error());
      for (const auto& [name, targets] : *by_plugin) {
        Plugin& plugin = *find(name);
        auto shares = shares_of(*route, plugin, name, targets);
        if (!shares) return at(shares.error());
        plugin.shares[route->id.value] = *std::move(shares);
        set_seats(plugin);
      }
    }
  }
  return {};
}

/// One, or all whose names begin so. Errors: NoSuchRoute.
Result<std::vector<const RouteInfo*>> Supervisor::routes_meant(const std::string& name) {
  if (!is_route_prefix(name)) {
    SHUNT_TRY(route, directory_.declared(name));
    return std::vector<const RouteInfo*>{route};
  }
  auto routes = directory_.covered_by(name);
  if (routes.empty())
    return error(ErrorCode::NoSuchRoute, "no plugin of this host declares a {} that begins with \"{}\"",
                 name.find('/') == std::string::npos ? "topic" : "function", name.substr(0, name.size() - 1));
  return routes;
}

/// What is said of a route, by the plugins that it is about. What is said of all that begin so leaves out whoever has
/// not got this one, and the route where nobody is left with a weight. Errors: BadInput, NoSuchVersion.
Result<std::map<std::string, std::vector<RouteTarget>>> Supervisor::targets_on(
    const RouteInfo& route, const std::string& said_of, const std::string& plugin,
    const std::vector<RouteTarget>& targets) {
  std::map<std::string, std::vector<RouteTarget>> result;
  const bool of_several = is_route_prefix(said_of);
  const auto sharers = sharers_of(route);
  const auto is_left_out = [&](const std::string& named) {
    if (!of_several) return false;
    return sharers.empty() ||
           (!named.empty() && find(named) != nullptr && std::ranges::find(sharers, named) == sharers.end());
  };
  if (targets.empty() && !is_left_out(plugin)) {
    SHUNT_TRY(name, sharer_of(route, plugin));
    result[name];
  }
  for (const RouteTarget& target : targets) {
    const std::string& named = target.plugin.empty() ? plugin : target.plugin;
    if (is_left_out(named)) continue;
    SHUNT_TRY(name, sharer_of(route, named));
    SHUNT_TRY(version, Version::parse(target.version));
    const auto lacks_it = [&](const auto& each) { return each->image.version.matches(version) && !has(*each, route); };
    if (of_several && std::ranges::any_of(find(name)->versions, lacks_it)) continue;
    result[name].push_back(target);
  }
  if (of_several && !targets.empty())
    std::erase_if(result, [](const auto& each) {
      return std::ranges::none_of(each.second,
                                  [](const RouteTarget& target) { return target.on && target.weight > 0; });
    });
  return result;
}

std::vector<std::string> Supervisor::sharers_of(const RouteInfo& route) const {
  std::vector<std::string> who;
  for (const auto& [name, plugin] : plugins_)
    if (is_name(name) && std::ranges::any_of(plugin.versions, [&](const auto& each) { return has(*each, route); }))
      who.push_back(name);
  return who;
}

/// Whose versions share the route: the function's plugin, or the one that hears the topic. Errors: BadInput.
Result<std::string> Supervisor::sharer_of(const RouteInfo& route, const std::string& named) {
  const std::vector<std::string> who = sharers_of(route);
  if (named.empty() && who.size() == 1) return who.front();
  if (std::ranges::find(who, named) != who.end()) return named;
  if (who.empty())
    return error(ErrorCode::BadInput, "no plugin {} \"{}\"", route.function ? "has" : "hears", route.name);
  const std::string all = fmt::format("{}", fmt::join(who, ", "));
  if (named.empty())
    return error(ErrorCode::BadInput, "\"{}\" is heard by several plugins: say which of {}", route.name, all);
  return error(ErrorCode::BadInput, "\"{}\" {} \"{}\"; say {}", named,
               route.function ? "does not have" : "does not hear", route.name, all);
}

void Supervisor::share(const RouteTargets& targets, Done done) {
  const auto switching = std::make_shared<Switching>(Switching{.moves = {}, .done = {}});
  if (const Status added = add_moves(targets, switching->moves); !added) return done(added);
  std::erase_if(switching->moves, [](const Move& move) { return move.to_shares == move.from_shares; });
  if (switching->moves.empty()) return done({});
  switching->done = std::move(done);
  stage(switching);
}

/// One for each plugin that it is about. Errors: as share().
Status Supervisor::add_moves(const RouteTargets& targets, std::vector<Move>& moves) {
  SHUNT_TRY(routes, routes_meant(targets.route));
  bool any = false;
  for (const RouteInfo* const route : routes) {
    SHUNT_TRY(by_plugin, targets_on(*route, targets.route, targets.plugin, targets.targets));
    for (const auto& [name, theirs] : by_plugin) {
      any = true;
      const Plugin& plugin = *find(name);
      if (plugin.switching) return error(ErrorCode::NotServing, "\"{}\" is being switched: wait for it", name);
      if (plugin.stopped) return error(ErrorCode::NotServing, "\"{}\" is stopped: restart it first", name);
      SHUNT_TRY(shares, shares_of(*route, plugin, name, theirs));
      SHUNT_CHECK(check_callers(*route, shares));
      auto move = std::ranges::find(moves, name, &Move::plugin);
      if (move == moves.end()) {
        move = moves.insert(move, {.plugin = name, .from_version = plugin.serving, .to_version = plugin.serving});
        move->from_shares = move->to_shares = plugin.shares;
        move->from_shadow = plugin.shadow;
        move->from_traits = plugin.traits;
      }
      if (shares.empty()) move->to_shares.erase(route->id.value);
      else move->to_shares[route->id.value] = std::move(shares);
    }
  }
  if (any) return {};
  return error(ErrorCode::BadInput, "\"{}\" means {} routes, and none of them is shared so: nobody has a part there",
               targets.route, routes.size());
}

}  // namespace shunt::host
