/// What a rollout does to a plugin's routes: its newer version gets a part of all that goes over those which both have.

#include "preflight_facts.hpp"
#include "switching.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::uint32_t kWhole = 1000;

bool has(const std::vector<RouteInfo*>& routes, const RouteInfo* route) {
  return std::ranges::find(routes, route) != routes.end();
}

}  // namespace

/// What a division makes of the routes that both versions have.
std::map<std::uint32_t, Shares> Supervisor::shares_of(const RolloutSubject& subject, const Division& division) {
  std::map<std::uint32_t, Shares> shares;
  if (division.ends || division.shadow_share > 0) return shares;
  for (const auto& [routes, theirs] : {std::pair{&subject.baseline->functions, &subject.newer->functions},
                                       {&subject.baseline->topics_in, &subject.newer->topics_in}})
    for (const RouteInfo* const route : *routes)
      if (has(*theirs, route))
        shares[route->id.value] = {{.version = subject.baseline, .weight = kWhole - division.share},
                                   {.version = subject.newer, .weight = division.share}};
  return shares;
}

/// Whether the plugin's routes are led as the rollout wants them, and nobody has changed that.
bool Supervisor::is_divided(const RolloutSubject& subject, const Division& division) {
  const Plugin* const plugin = find(subject.baseline->name());
  return plugin != nullptr && plugin->serving == subject.baseline &&
         (plugin->shadow.version == nullptr ? 0 : plugin->shadow.share) == division.shadow_share &&
         plugin->shares == shares_of(subject, division);
}

void Supervisor::divide(const RolloutSubject& subject, const Division& now, const Division& division, Done done) {
  const std::string& name = subject.baseline->name();
  if (!is_divided(subject, now))
    return done(error(ErrorCode::Cancelled, "somebody else has changed how the routes of \"{}\" are led", name));
  Plugin* const plugin = find(name);
  auto move = move_to(name, subject.newer->image.version);
  if (!move) return done(tl::make_unexpected(move.error()));
  move->to_version = subject.baseline;
  move->to_shares = shares_of(subject, division);
  if (division.shadow_share > 0) move->to_shadow = {subject.newer, division.shadow_share};
  if (!division.ends && division.shadow_share == 0 && move->to_shares.empty())
    return done(error(ErrorCode::BadInput, "the two versions of \"{}\" have no route in common", name));
  for (const auto& [number, shares] : move->to_shares) {
    const RouteInfo& route = *directory_.at({number});
    const auto can_be = shares_of(route, *plugin, name,
                                  {{.version = to_string(subject.baseline->image.version), .weight = shares[0].weight},
                                   {.version = to_string(subject.newer->image.version), .weight = shares[1].weight}});
    if (!can_be) return done(tl::make_unexpected(can_be.error()));
    if (const Status met = check_callers(route, shares); !met) return done(met);
  }
  plugin->traits.erase(subject.newer.get());
  if (!division.select.empty()) {
    auto traits = std::make_shared<Traits>(subject.newer->traits);
    for (const auto& [key, value] : division.select) traits->labels[key] = value;
    plugin->traits[subject.newer.get()] = std::move(traits);
  }
  if (move->to_shares == move->from_shares && move->to_shadow == move->from_shadow) return done({});
  const auto switching = std::make_shared<Switching>(Switching{.moves = {*std::move(move)}, .done = std::move(done)});
  stage(switching);
}

}  // namespace shunt::host
