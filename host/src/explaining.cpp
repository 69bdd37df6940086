/// Why a message goes where it goes, by the same rules as when it is sent.

#include "explaining.hpp"

#include "core.hpp"

#include <algorithm>
#include <set>

namespace shunt::host {
namespace {

std::vector<std::string> versions_at(std::span<const Target> seats, Split::Places places) {
  std::set<std::string> versions;
  for (const Target& seat : seats)
    if ((places >> seat.place & 1) != 0) versions.insert(to_string(seat.traits->version));
  return {versions.begin(), versions.end()};
}

/// Of those that may get it: all of what goes to one of `places`.
double share_among(const Target& seat, Split::Places places) {
  return seat.split == nullptr ? 1 : seat.split->share_of(seat.place, places);
}

RouteExplanation explain(const RouteEntry& entry, std::span<const Target> seats, const Hints& hints, Key key) {
  RouteExplanation result{.plugin = seats.front().outlet->consumer};
  // Without hints it is the weights alone: one that has none gets nothing.
  Split::Places places = ~Split::Places{0};
  if (const Candidates* const candidates = seats.front().candidates.get(); !hints.empty() && candidates != nullptr) {
    std::vector<HintStep> steps;
    places = suited(hints.parts(), *candidates, places, &steps).places;
    for (const HintStep& step : steps)
      result.rules.push_back({step.rule, versions_at(seats, step.left), step.required});
  }
  const Pick pick{.key = entry.info->settings.sticky ? key.value : 0};
  result.by_key = pick.key != 0 && seats.size() > 1 && places != 0;
  const Split* const split = seats.front().split.get();
  const auto chosen = [&] { return hints.empty() ? split->place_of(pick) : split->place_of(pick, places); };
  for (const Target& seat : seats) {
    if ((places >> seat.place & 1) == 0 || (result.by_key && chosen() != seat.place)) continue;
    const double share = result.by_key ? 1 : share_among(seat, places);
    if (share > 0) result.seats.push_back({to_string(seat.traits->version), seat.outlet->seat, share});
  }
  return result;
}

}  // namespace

Result<std::vector<RouteExplanation>> explain(Core& core, std::string_view route, const Hints& hints, Key key) {
  SHUNT_TRY(info, core.directory.declared(route));
  std::vector<RouteExplanation> result;
  const RcuReader reader;
  const RouteEntry* const entry = core.hub->tables().current().find(info->id);
  if (entry == nullptr) return error(ErrorCode::NoSuchRoute, "no plugin has \"{}\" now: check `shunt ls`", route);
  const auto hearing = entry->hearing_host();
  for (auto first = hearing.begin(); first != hearing.end();) {
    const auto end =
        std::find_if(first, hearing.end(), [&](const Target& each) { return each.consumer != first->consumer; });
    result.push_back(explain(*entry, std::span{first, end}, hints, key));
    first = end;
  }
  return result;
}

}  // namespace shunt::host
