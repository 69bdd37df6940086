/// Versions of a plugin that share a route with the one that serves.

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
    const std::string at = fmt::format("{}{}routes.{:?}.targets: ", configured.origin,
                                       configured.origin.empty() ? "" : ": ", configured.name);
    const RouteInfo* const route = directory_.find(configured.name);
    std::map<std::string, std::vector<RouteTarget>> by_plugin;
    for (const RouteTarget& target : configured.targets) {
      auto plugin = route == nullptr ? tl::make_unexpected(Error{ErrorCode::NoSuchRoute, "no plugin has this route"})
                                     : sharer_of(*route, target.plugin);
      if (!plugin) return error(ErrorCode::BadConfiguration, "{}{}", at, plugin.error().message);
      by_plugin[*plugin].push_back(target);
    }
    for (const auto& [name, targets] : by_plugin) {
      Plugin& plugin = *find(name);
      auto shares = shares_of(*route, plugin, name, targets);
      if (!shares) return error(ErrorCode::BadConfiguration, "{}{}", at, shares.error().message);
      plugin.shares[route->id.value] = *std::move(shares);
      set_seats(plugin);
    }
  }
  return {};
}

/// Whose versions share the route: the function's plugin, or the one that hears the topic. Errors: BadInput.
Result<std::string> Supervisor::sharer_of(const RouteInfo& route, const std::string& named) {
  std::vector<std::string> who;
  for (const auto& [name, plugin] : plugins_)
    if (is_name(name) && std::ranges::any_of(plugin.versions, [&](const auto& each) { return has(*each, route); }))
      who.push_back(name);
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
  const auto route = directory_.declared(targets.route);
  if (!route) return done(tl::make_unexpected(route.error()));
  const auto name = sharer_of(**route, targets.plugin);
  if (!name) return done(tl::make_unexpected(name.error()));
  const Plugin& plugin = *find(*name);
  if (plugin.switching) return done(error(ErrorCode::NotServing, "\"{}\" is being switched: wait for it", *name));
  if (plugin.stopped) return done(error(ErrorCode::NotServing, "\"{}\" is stopped: restart it first", *name));
  auto shares = shares_of(**route, plugin, *name, targets.targets);
  if (!shares) return done(tl::make_unexpected(std::move(shares).error()));
  if (const Status met = check_callers(**route, *shares); !met) return done(met);
  Move move{.plugin = *name,
            .from_version = plugin.serving,
            .to_version = plugin.serving,
            .from_shares = plugin.shares,
            .to_shares = plugin.shares};
  if (shares->empty()) move.to_shares.erase((*route)->id.value);
  else move.to_shares[(*route)->id.value] = *std::move(shares);
  if (move.to_shares == move.from_shares) return done({});
  const auto switching = std::make_shared<Switching>(Switching{.moves = {}, .done = std::move(done)});
  switching->moves.push_back(std::move(move));
  stage(switching);
}

}  // namespace shunt::host
