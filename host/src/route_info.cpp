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

/// Of one that is not what was asked for.
tl::unexpected<Error> mismatch(const RouteInfo& route, bool function, const TypeName& request, const TypeName& reply) {
  if (route.function != function)
    return error(ErrorCode::SchemaMismatch, "\"{}\" is a {} and cannot be used as a {}: rename one of them", route.name,
                 route.function ? "function" : "topic", function ? "function" : "topic");
  const bool is_request = !agree(route.request, request);
  return error(ErrorCode::SchemaMismatch, "\"{}\" carries {}, not {}: rebuild both sides from one schema", route.name,
               describe(is_request ? route.request : route.reply), describe(is_request ? request : reply));
}

}  // namespace

/// One whose schema is not known yet has the schema of whoever knows it.
bool RouteDirectory::agrees(RouteInfo& route, const Types& asked) {
  if (agree(route.request, asked.request) && agree(route.reply, asked.reply)) {
    for (const auto& [known, now] : {std::pair{&route.request, &asked.request}, std::pair{&route.reply, &asked.reply}})
      if (known->hash.value == 0) known->hash = now->hash;
    return true;
  }
  const auto [first, last] = alike_.equal_range(route.id.value);
  return std::any_of(first, last, [&](const auto& each) {
    return agree(each.second.request, asked.request) && agree(each.second.reply, asked.reply);
  });
}

RouteInfo* RouteDirectory::with_types(const Named& named, bool function, const Types& asked, const RouteInfo* but) {
  const auto found = std::ranges::find_if(
      named.routes, [&](RouteInfo* each) { return each != but && each->function == function && agrees(*each, asked); });
  return found == named.routes.end() ? nullptr : *found;
}

Result<RouteInfo*> RouteDirectory::resolve(const std::string& name, bool function, const TypeName& request,
                                           const TypeName& reply, const Beside& others) {
  const std::lock_guard lock{mutex_};
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return make(name, function, {request, reply});
  const Named& named = found->second;
  // Types that a build which never served was alike to the others by: they are beside those of the one that does.
  const RouteInfo* const but = others.types == OtherTypes::Beside ? others.route : nullptr;
  if (RouteInfo* const route = with_types(named, function, {request, reply}, but)) return route;
  RouteInfo& meant = *named.routes.front();
  if (others.types == OtherTypes::Refused || meant.function != function)
    return mismatch(meant, function, request, reply);
  if (others.types == OtherTypes::Beside || others.route == nullptr) return make(name, function, {request, reply});
  alike_.emplace(others.route->id.value, Types{request, reply});
  return others.route;
}

Result<RouteInfo*> RouteDirectory::make(const std::string& name, bool function, const Types& types) {
  if (routes_.size() + 1 >= kRoutesMax)
    return error(ErrorCode::QuotaExceeded, "\"{}\" would be route number {}: a host has at most {}", name,
                 routes_.size() + 1, kRoutesMax - 1);
  RouteInfo& route = routes_.emplace_back();
  route.id = {static_cast<std::uint32_t>(routes_.size())};
  route.name = name;
  route.function = function;
  route.request = types.request;
  route.reply = types.reply;
  if (const RouteConfiguration* const settings = configured_for(name)) route.settings = *settings;
  route.settings.name = name;
  if (!function && route.settings.latched > 0)
    route.latch = std::make_unique<Latch>(route.settings.latched, route.settings.latched_bytes);
  attach_validators(route);
  auto& routes = by_name_[name].routes;
  routes.push_back(&route);
  any_beside_ |= routes.size() > 1;
  return &route;
}

void RouteDirectory::prefer(std::span<RouteInfo* const> routes) {
  const std::lock_guard lock{mutex_};
  if (!any_beside_) return;
  for (RouteInfo* const route : routes) {
    auto& named = by_name_.find(route->name)->second.routes;
    const auto place = std::ranges::find(named, route);
    std::rotate(named.begin(), place, place + 1);
  }
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
  for (const auto& [name, named] : by_name_)
    if (prefix_covers(prefix, name)) result.push_back(named.routes.front());
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
  return found == by_name_.end() ? nullptr : found->second.routes.front();
}

Result<RouteInfo*> RouteDirectory::declared(std::string_view name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second.routes.front();
  std::vector<std::string_view> names;
  for (const auto& [known, named] : by_name_) names.emplace_back(known);
  const auto meant = nearest(name, names);
  return error(ErrorCode::NoSuchRoute, "no plugin of this host declares \"{}\": {}", name,
               meant ? fmt::format("did you mean \"{}\"?", *meant) : std::string{"see `shunt ls`"});
}

Result<RouteInfo*> RouteDirectory::declared(std::string_view name, bool function, SchemaHash request,
                                            SchemaHash reply) {
  SHUNT_TRY(meant, declared(name));
  const std::lock_guard lock{mutex_};
  for (RouteInfo* const each : by_name_.find(name)->second.routes)
    if (each->function == function && agrees(*each, {{each->request.name, request}, {each->reply.name, reply}}))
      return each;
  return mismatch(*meant, function, {meant->request.name, request}, {meant->reply.name, reply});
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
