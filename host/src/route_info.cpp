#include "route_info.hpp"

#include "route_prefix.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <vector>

namespace shunt::host {
namespace {

bool agree(const TypeName& known, const TypeName& asked) {
  return known.name == asked.name && (known.hash == asked.hash || known.hash.value == 0 || asked.hash.value == 0);
}

std::string describe(const TypeName& type) { return fmt::format("{} (schema {:016x})", type.name, type.hash.value); }

}  // namespace

Result<RouteInfo*> RouteDirectory::resolve(const std::string& name, bool function, const TypeName& request,
                                           const TypeName& reply) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    RouteInfo& route = *found->second;
    if (route.function != function)
      return error(ErrorCode::SchemaMismatch, "\"{}\" is a {} and cannot be used as a {}: rename one of them", name,
                   route.function ? "function" : "topic", function ? "function" : "topic");
    for (const auto& [known, asked] : {std::pair{&route.request, &request}, std::pair{&route.reply, &reply}}) {
      if (!agree(*known, *asked))
        return error(ErrorCode::SchemaMismatch, "\"{}\" carries {}, not {}: rebuild both sides from one schema", name,
                     describe(*known), describe(*asked));
      if (known->hash.value == 0) known->hash = asked->hash;
    }
    return &route;
  }
  if (routes_.size() + 1 >= kRoutesMax)
    return error(ErrorCode::QuotaExceeded, "\"{}\" would be route number {}: a host has at most {}", name,
                 routes_.size() + 1, kRoutesMax - 1);
  RouteInfo& route = routes_.emplace_back();
  route.id = {static_cast<std::uint32_t>(routes_.size())};
  route.name = name;
  route.function = function;
  route.request = request;
  route.reply = reply;
  if (const RouteConfiguration* const settings = configured_for(name)) route.settings = *settings;
  route.settings.name = name;
  if (!function && route.settings.latched > 0)
    route.latch = std::make_unique<Latch>(route.settings.latched, route.settings.latched_bytes);
  attach_validators(route);
  by_name_.emplace(name, &route);
  return &route;
}

const RouteConfiguration* RouteDirectory::configured_for(std::string_view name) const {
  const RouteConfiguration* longest = nullptr;
  for (const RouteConfiguration& each : configured_) {
    if (each.name == name) return &each;
    if (!is_route_prefix(each.name) || !prefix_covers(each.name, name)) continue;
    if (longest == nullptr || each.name.size() > longest->name.size()) longest = &each;
  }
  return longest;
}

std::vector<const RouteInfo*> RouteDirectory::covered_by(std::string_view prefix) {
  const std::lock_guard lock{mutex_};
  std::vector<const RouteInfo*> result;
  for (const auto& [name, route] : by_name_)
    if (prefix_covers(prefix, name)) result.push_back(route);
  return result;
}

/// Release pairs with the acquire in refusal().
void RouteDirectory::attach_validators(RouteInfo& route) {
  route.checks.request.store(validators_.find(route.request.name), std::memory_order_release);
  route.checks.reply.store(validators_.find(route.reply.name), std::memory_order_release);
}

Status RouteDirectory::add_validator(std::string type, Validator::Accepts accepts) {
  const std::lock_guard lock{mutex_};
  SHUNT_TRY(added, validators_.add(std::move(type), std::move(accepts)));
  static_cast<void>(added);
  for (RouteInfo& route : routes_) attach_validators(route);
  return {};
}

RouteInfo* RouteDirectory::find(const std::string& name) {
  const std::lock_guard lock{mutex_};
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Result<RouteInfo*> RouteDirectory::declared(std::string_view name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, route] : by_name_) names.emplace_back(known);
  const auto meant = nearest(name, names);
  return error(ErrorCode::NoSuchRoute, "no plugin of this host declares \"{}\": {}", name,
               meant ? fmt::format("did you mean \"{}\"?", *meant) : std::string{"see `shunt ls`"});
}

RouteInfo* RouteDirectory::at(RouteId id) {
  const std::lock_guard lock{mutex_};
  return id.value == 0 || id.value > routes_.size() ? nullptr : &routes_[id.value - 1];
}

std::size_t RouteDirectory::size() {
  const std::lock_guard lock{mutex_};
  return routes_.size();
}

}  // namespace shunt::host
