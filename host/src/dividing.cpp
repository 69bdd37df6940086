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

struct Supervisor::Divisions {
  static std::map<std::uint32_t, Shares> shares(const RolloutSubject& subject, const Division& division);
  static Shadow shadow(const RolloutSubject& subject, const Division& division);
  static GivenTraits traits(const RolloutSubject& subject, const Division& division);
  static Status check_shares(Supervisor& own, const RolloutSubject& subject,
                             const std::map<std::uint32_t, Shares>& wanted);
  static Status check_stages(Supervisor& own, const RolloutSubject& subject);
};

/// What a division makes of the routes that both versions have.
std::map<std::uint32_t, Shares> Supervisor::Divisions::shares(const RolloutSubject& subject, const Division& division) {
  std::map<std::uint32_t, Shares> result;
  if (division.ends || division.shadow_share > 0) return result;
  for (const auto& [routes, theirs] : {std::pair{&subject.baseline->functions, &subject.newer->functions},
                                       {&subject.baseline->topics_in, &subject.newer->topics_in}})
    for (const RouteInfo* const route : *routes)
      if (has(*theirs, route))
        result[route->id.value] = {{.version = subject.baseline, .weight = kWhole - division.share},
                                   {.version = subject.newer, .weight = division.share}};
  return result;
}

Shadow Supervisor::Divisions::shadow(const RolloutSubject& subject, const Division& division) {
  return division.shadow_share == 0 ? Shadow{} : Shadow{subject.newer, division.shadow_share};
}

/// What hints mean the newer version by: its own labels, and those of the rollout.
GivenTraits Supervisor::Divisions::traits(const RolloutSubject& subject, const Division& division) {
  if (division.select.empty()) return {};
  auto given = std::make_shared<Traits>(subject.newer->traits);
  for (const auto& [key, value] : division.select) given->labels[key] = value;
  return {{subject.newer, std::move(given)}};
}

/// Errors: those of shares_of() and check_callers().
Status Supervisor::Divisions::check_shares(Supervisor& own, const RolloutSubject& subject,
                                           const std::map<std::uint32_t, Shares>& wanted) {
  const std::string& name = subject.baseline->name();
  for (const auto& [number, meant] : wanted) {
    const RouteInfo& route = *own.directory_.at({number});
    SHUNT_TRY(can_be, own.shares_of(route, *own.find(name), name,
                                    {{.version = to_string(subject.baseline->image.version), .weight = meant[0].weight},
                                     {.version = to_string(subject.newer->image.version), .weight = meant[1].weight}}));
    SHUNT_CHECK(own.check_callers(route, can_be));
  }
  return {};
}

/// Whether every stage can be, up to the switch. Errors: those of check_shares() and of a switch, BadInput (nothing
/// would be counted).
Status Supervisor::Divisions::check_stages(Supervisor& own, const RolloutSubject& subject) {
  const auto is_of_both = [&](const RouteInfo* route) { return has(subject.newer->functions, route); };
  if (std::ranges::none_of(subject.baseline->functions, is_of_both))
    return error(
        ErrorCode::BadInput,
        "the two versions of \"{}\" have no function in common, and a rollout is judged by calls: use a switch",
        subject.baseline->name());
  for (const std::uint32_t share : {kWhole / 2, kWhole})
    SHUNT_CHECK(check_shares(own, subject, shares(subject, {.ends = false, .share = share})));
  std::vector<Move> moves{
      {.plugin = subject.baseline->name(), .from_version = subject.baseline, .to_version = subject.newer}};
  SHUNT_CHECK(own.check_calls(moves));
  return find_states(moves);
}

Result<RolloutSubject> Supervisor::rollout_subject(const std::string& name, const Version& wanted) {
  SHUNT_TRY(move, move_to(name, wanted));
  if (!move.switches())
    return error(ErrorCode::BadInput, "{} {} serves already: name the version that shall take over", name,
                 to_string(move.to_version->image.version));
  if (!move.from_shares.empty())
    return error(ErrorCode::BadInput, "routes of \"{}\" are shared: see `shunt route --reset` first", name);
  if (move.from_shadow.version != nullptr)
    return error(ErrorCode::BadInput, "\"{}\" has a shadow, which is being taken back: wait for it", name);
  RolloutSubject subject{move.from_version, move.to_version};
  SHUNT_CHECK(Divisions::check_stages(*this, subject));
  return subject;
}

/// Whether the plugin's routes are led as the rollout wants them, and nobody has changed that.
bool Supervisor::is_divided(const RolloutSubject& subject, const Division& division) {
  const Plugin* const plugin = find(subject.baseline->name());
  return plugin != nullptr && plugin->serving == subject.baseline &&
         plugin->shadow == Divisions::shadow(subject, division) &&
         plugin->shares == Divisions::shares(subject, division);
}

void Supervisor::divide(const RolloutSubject& subject, const Division& now, const Division& division, Done done) {
  const std::string& name = subject.baseline->name();
  if (!is_divided(subject, now))
    return done(error(ErrorCode::Cancelled, "somebody else has changed how the routes of \"{}\" are led", name));
  auto move = move_to(name, subject.baseline->image.version);
  if (!move) return done(tl::make_unexpected(move.error()));
  move->to_version = subject.baseline;
  move->to_shares = Divisions::shares(subject, division);
  move->to_shadow = Divisions::shadow(subject, division);
  move->to_traits = Divisions::traits(subject, division);
  move->is_one_way = division.ends;
  if (const Status can_be = Divisions::check_shares(*this, subject, move->to_shares); !can_be) return done(can_be);
  if (division == now) return done({});
  const auto switching = std::make_shared<Switching>(Switching{.moves = {*std::move(move)}, .done = std::move(done)});
  stage(switching);
}

}  // namespace shunt::host
