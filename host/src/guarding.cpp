/// Breakers: from which versions a route leads calls away, and to whom. Looked at every 5 ms while calls come, and when
/// one is due.
///
///     closed      the lts has a seat, and nobody in it; or somebody who is muted, where it is to be warm
///     open        the lts has the version's part in the next table. What waits for the version is handed on,
///                 and a cold lts is started: calls wait for that
///     half open   the same, and the table lets so many calls through to try the version
///
/// What the lts does by then is what every seat does: it is restarted, switched and drained as the others are.

#include "supervisor.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::chrono::milliseconds kLook{5};
constexpr std::chrono::milliseconds kCalmTick{1};

/// "61.2 % of 1234 calls succeeded, 7 were slow"
std::string rate_text(const CallCounts& counts) {
  const std::uint64_t thousandths = counts.calls == 0 ? 0 : counts.succeeded() * 1000 / counts.calls;
  return fmt::format("{}.{} % of {} calls succeeded, {} were slow", thousandths / 10, thousandths % 10, counts.calls,
                     counts.slow);
}

}  // namespace

/// Of what stands in the configuration, once all versions are known. Errors: BadConfiguration.
Status Supervisor::guard_as_configured() {
  for (const RouteConfiguration& configured : configuration_.routes) {
    if (configured.lts.empty()) continue;
    const auto at = [&](const Error& why) {
      return error(ErrorCode::BadConfiguration, "{}{}routes.{:?}.lts: {}", configured.origin,
                   configured.origin.empty() ? "" : ": ", configured.name, why.message);
    };
    auto meant = routes_meant(configured.name);
    if (!meant) return at(meant.error());
    for (const RouteInfo* const route : *meant) {
      if (directory_.configured_for(route->name)->name != configured.name) continue;  // it has an entry of its own
      if (const Status guarded = guard(*route, configured); !guarded) return at(guarded.error());
    }
  }
  return {};
}

/// Errors: BadInput, NoSuchVersion.
Status Supervisor::guard(const RouteInfo& route, const RouteConfiguration& configured) {
  SHUNT_TRY(name, sharer_of(route, {}));
  Plugin& plugin = *find(name);
  SHUNT_TRY(only, shares_of(route, plugin, name, {{.version = configured.lts}}));
  SHUNT_CHECK(check_callers(route, only));
  const auto& lts = only.front().version;
  std::uint32_t instances = lts->configuration.instances;
  for (const VersionShare& share : plugin.shares_said(route.id.value))
    if (share.version != lts) instances += share.version->configuration.instances;
  if (instances > Choice::kTargetsMax)
    return error(ErrorCode::BadInput, "with its {} instances \"{}\" would be shared by {}; at most {} are meant",
                 lts->configuration.instances, route.name, instances, Choice::kTargetsMax);
  plugin.guarded[route.id.value] = {.lts = lts, .policy = configured.breaker.value_or(BreakerPolicy{})};
  set_seats(plugin);
  return {};
}

/// One for each version that shares a guarded route, but the lts; what another one had counted is forgotten. And who
/// stands by: before the table that follows from it.
void Supervisor::set_guards(Plugin& plugin) {
  for (auto& [route, guarded] : plugin.guarded) {
    const Shares shares = plugin.shares_said(route);
    for (Guard& guard : guarded.guards)
      if (std::ranges::find(shares, guard.version, &VersionShare::version) == shares.end())
        drop(guard.outcomes), drop(guard.tries);
    std::erase_if(guarded.guards, [&](const Guard& guard) {
      return std::ranges::find(shares, guard.version, &VersionShare::version) == shares.end();
    });
    for (const VersionShare& share : shares)
      if (share.version != guarded.lts && guarded.find(*share.version) == nullptr)
        guarded.guards.push_back({.version = share.version,
                                  .outcomes = std::make_shared<Outcomes>(guarded.policy.slow_after),
                                  .breaker = Breaker{guarded.policy, EventLoop::Clock::now()}});
  }
  std::set<const PluginVersion*> busy{plugin.serving.get()};
  for (const auto& [route, shares] : plugin.shares)
    for (const VersionShare& share : shares) busy.insert(share.version.get());
  for (const auto& [route, guarded] : plugin.guarded)
    for (const VersionShare& share : plugin.shares_now(route))
      if (share.version == guarded.lts && share.part() > 0) busy.insert(share.version.get());
  plugin.standing_by.clear();
  for (const auto& [route, guarded] : plugin.guarded)
    if (!busy.contains(guarded.lts.get()) && !plugin.stands_by(guarded.lts))
      plugin.standing_by.push_back(guarded.lts.get());
}

/// Calls in flight name it, and a table may: it is kept until neither does.
void Supervisor::drop(std::shared_ptr<Outcomes> outcomes) {
  std::erase_if(dropped_, [](const auto& each) { return each.use_count() == 1 && each->in_flight() == 0; });
  if (outcomes != nullptr) dropped_.push_back(std::move(outcomes));
}

void Supervisor::look_at_breakers() {
  hub_->in_flight().count_slow(bus::now_ns());
  const auto now = EventLoop::Clock::now();
  std::vector<std::string> changed;
  for (auto& [name, plugin] : plugins_) {
    bool any = false;
    for (auto& [route, guarded] : plugin.guarded)
      for (Guard& guard : guarded.guards) {
        if (!guard.look(now)) continue;
        any = true;
        follow(name, *directory_.at({route}), guarded, guard);
      }
    if (any) changed.push_back(name);
  }
  if (!changed.empty()) publish_table();
  for (const std::string& name : changed) {
    tend_lts(name);
    hand_on(name);
  }
  if (!changed.empty()) hub_->flush_backlogs();
}

/// Who is sent something is suspected for as long as he has it: what is in flight is looked at to its end.
void Supervisor::keep_looking() {
  look_at_breakers();
  looking_ = watching_.load(std::memory_order_relaxed);
  if (looking_) loop_.at(next_look(), [this] { keep_looking(); });
}

EventLoop::Clock::time_point Supervisor::next_look() const {
  const auto now = EventLoop::Clock::now();
  auto next = now + kLook;
  for (const auto& [name, plugin] : plugins_)
    for (const auto& [route, guarded] : plugin.guarded)
      for (const Guard& guard : guarded.guards)
        if (guard.breaker.due() > now) next = std::min(next, guard.breaker.due());
  return next;
}

/// The table follows from it; here is what begins and ends with the state, and the event.
void Supervisor::follow(const std::string& name, const RouteInfo& route, const GuardedRoute& guarded, Guard& guard) {
  const std::string lts = to_string(guarded.lts->image.version);
  const std::string version = to_string(guard.version->image.version);
  drop(std::exchange(guard.tries, nullptr));
  guard.trial = nullptr;
  const auto tell = [&](HostEventKind kind, std::string text) {
    events_.add({.kind = kind, .plugin = name, .version = version, .text = std::move(text), .route = route.name});
  };
  switch (guard.breaker.state()) {
    case BreakerState::Open:
      return tell(HostEventKind::BreakerOpened, fmt::format("{}: calls go to {}", rate_text(guard.breaker.sum()), lts));
    case BreakerState::HalfOpen:
      guard.tries = std::make_shared<Outcomes>(guarded.policy.slow_after);
      guard.trial = std::make_shared<Trial>(guarded.policy.probes);
      return tell(HostEventKind::BreakerHalfOpen, fmt::format("{} calls try it again", guarded.policy.probes));
    case BreakerState::Closed: return tell(HostEventKind::BreakerClosed, "it gets its calls again");
  }
}

/// Where calls go to one that stands in, somebody sits there; where none does any more, it is muted when it has
/// finished what it had, and ends unless it is to be warm.
void Supervisor::tend_lts(const std::string& name) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || plugin->stopped || stopping_) return;
  std::vector<std::uint32_t> wanted;
  for (auto& [number, seat] : plugin->seats) {
    const auto is_its = [&version = seat.version](const auto& each) { return each.second.lts == version; };
    if (seat.gone || number < kInstancesMax || std::ranges::none_of(plugin->guarded, is_its)) continue;
    if (!plugin->stands_by(seat.version)) {
      if (seat.current == nullptr && seat.restart == 0) wanted.push_back(number);
      continue;
    }
    const Running* const running = seat.current == nullptr ? nullptr : find(*seat.current);
    if (running == nullptr || running->expected_end || std::exchange(seat.calming, true)) continue;
    // A sender that looked at the table of before may push once more.
    tables_.after_readers([this, name, number = number, instance = seat.current] {
      loop_.post([this, name, number, instance] { calm(name, number, instance); });
    });
  }
  for (const std::uint32_t number : wanted) start_again(name, number);
}

void Supervisor::show_guards(const RouteInfo& route, RouteSnapshot& shown) const {
  const auto now = EventLoop::Clock::now();
  shown.lts = route.settings.lts;
  if (!shown.lts.empty()) shown.lts_problem = "it does not know the function, or knows it by other types";
  for (const auto& [name, plugin] : plugins_) {
    const auto guarded = plugin.guarded.find(route.id.value);
    if (guarded == plugin.guarded.end()) continue;
    shown.lts_problem.clear();
    shown.lts = to_string(guarded->second.lts->image.version);
    for (const Guard& guard : guarded->second.guards) {
      BreakerSnapshot& each = shown.breakers.emplace_back();
      each.version = to_string(guard.version->image.version);
      each.lts = shown.lts;
      each.state = host::name(guard.breaker.state());
      each.since = now - guard.breaker.since();
      if (const auto below = guard.breaker.below_since()) each.below = now - *below;
      each.success_min = guarded->second.policy.success_min;
      each.in_flight = guard.outcomes->in_flight() + (guard.tries == nullptr ? 0 : guard.tries->in_flight());
      for (const Breaker::Window& window : guard.breaker.windows())
        each.windows.push_back({now - window.from, window.counts.calls, window.counts.failed, window.counts.slow});
    }
  }
}

void Supervisor::calm(const std::string& name, std::uint32_t number, const std::shared_ptr<Instance>& instance) {
  Plugin* const plugin = find(name);
  Seat* const seat = plugin == nullptr ? nullptr : plugin->seat(number);
  if (seat == nullptr) return;
  seat->calming = false;
  if (seat->current != instance) return tend_lts(name);  // another one sits there meanwhile
  if (!plugin->stands_by(seat->version) || find(*instance) == nullptr) return;
  hub_->drain();
  seat->calming = !is_done(*instance);
  if (seat->calming) return static_cast<void>(loop_.after(kCalmTick, [=, this] { calm(name, number, instance); }));
  instance->muted.store(true, std::memory_order_relaxed);
  if (!seat->version->configuration.warm) drain_and_retire(*instance, {});
}

}  // namespace shunt::host
