/// What people are shown of plugins, routes and pools.

#include "supervisor.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace shunt::host {
namespace {

/// Sums over the size classes; `quotas_of` has them one by one.
void describe_chunks(Instance& instance, PluginSnapshot& snapshot) {
  const bus::LaneShape& shape = instance.lane->shape();
  for (std::uint32_t size_class = 0; size_class < shape.inbound.classes().size(); ++size_class)
    snapshot.over_cap += instance.holding(size_class).over_cap;
  for (std::uint32_t size_class = 0; size_class < shape.outbound.classes().size(); ++size_class) {
    snapshot.lent_chunks += instance.lane->receiver.held(size_class);
    snapshot.says_refused += instance.lane->theirs().pool.refused[size_class].load(std::memory_order_relaxed);
  }
}

PoolSnapshot snapshot_of(const std::string& compartment, InboundPool& pool) {
  PoolSnapshot snapshot{.compartment = compartment, .chunks = pool.geometry().chunks()};
  for (std::uint32_t size_class = 0; size_class < pool.geometry().classes().size(); ++size_class) {
    const InboundPool::Use use = pool.use(size_class);
    snapshot.chunks_in_use += use.in_use;
    snapshot.no_chunk += use.no_chunk;
  }
  return snapshot;
}

}  // namespace

HostSnapshot Supervisor::snapshot() {
  look_at_breakers();
  HostSnapshot result;
  result.name = configuration_.name;
  result.epoch = epoch_;
  result.in_flight = hub_->in_flight().size();
  result.validators = directory_.validators();
  const auto describe = [&](const PluginVersion& version, const Plugin& plugin) {
    PluginSnapshot each;
    each.plugin = version.name();
    each.version = to_string(version.image.version);
    each.sha256 = version.image.sha256;
    each.bridge = version.bridge.has_value();
    if (!each.bridge) each.trust = shunt::name(version.image.verdict.trust);
    each.signer = version.image.verdict.signer;
    each.admission = host::name(plugin_admissions_.of(version.name()));
    each.crashes = plugin.crashes;
    each.crash_kinds = plugin.crash_kinds;
    each.last_wills = last_wills_of(version, nullptr);
    each.last_wills_sent = plugin.last_wills_sent;
    return each;
  };
  for (auto& [name, plugin] : plugins_) {
    std::set<std::uint32_t> shown;  // seats of the version that serves
    for (auto& [key, running] : running_) {
      Instance& instance = running.process->instance();
      if (instance.identity.plugin != name) continue;
      PluginSnapshot each = describe(*running.version, plugin);
      instance.harvest();  // what it has returned it does not hold any more
      const auto progress = instance.progress();
      each.state = shunt::name(running.process->state());
      each.instance = instance.identity.id.value;
      each.seat = running.seat;
      each.pid = running.process->pid();
      each.sent = progress.all_sent();
      each.done = progress.all_done();
      each.deferred = progress.deferred;
      each.held_chunks = progress.held_chunks;
      describe_chunks(instance, each);
      each.received = instance.received.load(std::memory_order_relaxed);
      each.copied = instance.copied.load(std::memory_order_relaxed);
      each.exceptions = instance.exceptions.load(std::memory_order_relaxed);
      each.warm = std::ranges::any_of(plugin.warm, [&](const Warm& warm) { return warm.instance.get() == &instance; });
      each.shadow = instance.is_shadow.load(std::memory_order_relaxed);
      each.unheard = instance.unheard.load(std::memory_order_relaxed);
      each.sandbox = running.sandbox;
      each.last_wills = last_wills_of(*running.version, &running);
      each.says_state = running.carried.state;
      if (!each.bridge) each.says_health = host::name(running.health.state);
      each.says_health_reason = running.health.reason;
      each.says_validators = running.validators;
      each.says_failed = running.failures;
      if (each.bridge) each.open_topics = open_topics_of(running);
      const auto seat = plugin.seats.find(running.seat);
      if (seat != plugin.seats.end() && running.version == seat->second.version) shown.insert(running.seat);
      result.plugins.push_back(std::move(each));
    }
    if (plugin.stopped && !shown.empty()) continue;
    for (const auto& [number, seat] : plugin.seats) {
      if (shown.contains(number)) continue;
      PluginSnapshot each = describe(*seat.version, plugin);
      each.seat = number;
      each.state = seat.backoff.is_quarantined() || plugin.is_quarantined ? "Quarantined"
                   : plugin.stopped                                       ? "Stopped"
                                                                          : "Restarting";
      result.plugins.push_back(std::move(each));
      if (plugin.stopped) break;  // it is one for all
    }
  }
  snapshot_routes(result);
  result.pools.push_back(snapshot_of({}, hub_->own_pool()));
  catalog_.for_each_pool([&](const std::string& compartment, InboundPool& pool) {
    result.pools.push_back(snapshot_of(compartment, pool));
  });
  return result;
}

/// Of what goes to its plugin: a seat that a switch has done away with has none.
double Supervisor::share_of(const Target& target) {
  Plugin* const plugin = find(target.outlet->consumer);
  const Seat* const seat = plugin == nullptr ? nullptr : plugin->seat(target.outlet->seat);
  if (seat == nullptr || seat->gone) return 0;
  return target.split == nullptr ? 1 : target.split->share_of(target.place);
}

void Supervisor::snapshot_routes(HostSnapshot& result) {
  // What was counted at seats that are gone is their plugin's yet, and stands with its first seat.
  std::map<std::pair<std::uint32_t, std::string>, Outlet::Counters> of_seats_gone;
  catalog_.for_each_outlet([&](Outlet& outlet) {
    const Plugin* const plugin = find(outlet.consumer);
    if (plugin != nullptr && !plugin->seats.contains(outlet.seat))
      of_seats_gone[{outlet.route.value, outlet.consumer}] += outlet.counters();
  });
  const RcuReader reader;
  for (const RouteEntry& entry : tables_.current().routes) {
    if (entry.kind == RouteKind::None) continue;
    RouteSnapshot route{.name = entry.info->name,
                        .function = entry.kind == RouteKind::Function,
                        .is_earlier = directory_.find(entry.info->name) != entry.info,
                        .request = entry.info->request.name,
                        .reply = entry.info->reply.name,
                        .in_flight = 0,
                        .in_flight_max = 0,
                        .in_flight_refused = 0,
                        .admission = {},
                        .why_down = entry.why_down,
                        .turned_away = entry.info->counters.turned_away.load(std::memory_order_relaxed),
                        .passed_over = entry.info->counters.passed_over.load(std::memory_order_relaxed),
                        .receivers = {},
                        .subscriptions = static_cast<std::uint32_t>(entry.inboxes.size()),
                        .latched = 0,
                        .latched_max = 0};
    if (const auto& latch = entry.info->latch; latch != nullptr) {
      route.latched = latch->count();
      route.latched_max = entry.info->settings.latched;
    }
    if (stopped_routes_.contains(route.name)) route.admission = "Stopped";
    else route.admission = host::name(route_admissions_.of(route.name));
    if (route.function) {
      const auto calls = hub_->in_flight().on_route(entry.info->id);
      route.in_flight = calls.now;
      route.in_flight_max = entry.info->settings.in_flight_max;
      route.in_flight_refused = calls.refused;
      route.deadline = entry.info->settings.deadline;
      const bool repeats = std::ranges::any_of(entry.targets, &Target::repeats);
      route.retries = repeats ? entry.info->settings.retries : 0;
      const auto retries = entry.info->retry_budget.counts();
      route.retried = retries.taken;
      route.retries_refused = retries.refused;
      if (entry.info->fallback.is_there()) route.fallbacks = entry.info->fallback.used();
    }
    for (const Target& target : entry.targets) {
      auto counters = target.outlet->counters();
      const auto gone = of_seats_gone.find({entry.info->id.value, target.outlet->consumer});
      if (gone != of_seats_gone.end()) counters += std::exchange(gone->second, {});
      route.receivers.push_back({.plugin = target.outlet->consumer,
                                 .version = to_string(target.traits->version),
                                 .seat = target.outlet->seat,
                                 .up = target.instance != nullptr,
                                 .share = share_of(target),
                                 .tag = target.traits->tag,
                                 .labels = target.traits->labels,
                                 .waiting = target.outlet->waiting(),
                                 .backlog = target.outlet->backlog(),
                                 .dropped = counters.dropped(),
                                 .refused = counters.refused,
                                 .unknown = counters.unknown,
                                 .redelivered = counters.redelivered,
                                 .conflated = counters.conflated,
                                 .latched = counters.latched,
                                 .open = target.takes == Takes::Everything});
    }
    show_guards(*entry.info, route);
    // The table has them in the order of their pools, which is anybody's.
    std::ranges::sort(route.receivers, {}, [](const auto& each) { return std::tie(each.plugin, each.seat); });
    result.routes.push_back(std::move(route));
  }
}

}  // namespace shunt::host
