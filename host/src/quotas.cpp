/// Who holds what of an instance's memory and routes, from the host's own records.

#include "core.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

std::vector<OutboundQuota> outbound_of(Instance& instance, std::optional<bus::ChunkId> stalled) {
  std::vector<OutboundQuota> result;
  const bus::PoolStatistics& says = instance.lane->theirs().pool;
  const auto classes = instance.lane->shape().outbound.classes();
  for (std::uint32_t size_class = 0; size_class < classes.size(); ++size_class) {
    OutboundQuota quota{.bytes = classes[size_class].bytes, .chunks = classes[size_class].chunks};
    const std::uint32_t taken = instance.lane->receiver.held(size_class);
    quota.host = stalled && stalled->size_class() == size_class ? std::min(taken, 1u) : 0;
    quota.readers = taken - quota.host;
    quota.plugin = quota.chunks - taken;
    quota.says.loaned = says.loaned[size_class].load(std::memory_order_relaxed);
    quota.says.refused = says.refused[size_class].load(std::memory_order_relaxed);
    result.push_back(quota);
  }
  return result;
}

std::vector<InboundQuota> inbound_of(Instance& instance) {
  instance.harvest();  // what it has returned it does not hold any more
  std::vector<InboundQuota> result;
  const auto classes = instance.pool->geometry().classes();
  for (std::uint32_t size_class = 0; size_class < classes.size(); ++size_class) {
    const InboundPool::Use use = instance.pool->use(size_class);
    const Instance::Holding holding = instance.holding(size_class);
    result.push_back({.bytes = classes[size_class].bytes,
                      .chunks = classes[size_class].chunks,
                      .in_use = use.in_use,
                      .no_chunk = use.no_chunk,
                      .cap = holding.cap,
                      .held = holding.held,
                      .over_cap = holding.over_cap});
  }
  return result;
}

void count(const InFlight& record, RouteQuota& quota) {
  ++quota.in_flight;
  ++(record.caller != nullptr ? quota.host : record.origin != nullptr ? quota.plugins : quota.abandoned);
}

std::vector<CallQuota> calls_of(const Instance& instance, const PluginVersion& version, InFlightTable& table) {
  std::vector<CallQuota> result;
  for (const RouteInfo* route : version.calls) result.push_back({route->name, 0});
  table.for_each([&](const InFlight& record) {
    if (record.origin != &instance) return false;
    const auto call = std::ranges::find(version.calls, record.route);
    if (call != version.calls.end()) ++result[static_cast<std::size_t>(call - version.calls.begin())].in_flight;
    return false;
  });
  return result;
}

RouteQuota backlog_of(const RouteEntry& entry, Outlet& outlet) {
  const auto counters = outlet.counters();
  return {.route = entry.info->name,
          .function = entry.kind == RouteKind::Function,
          .waiting = outlet.waiting(),
          .backlog = static_cast<std::uint32_t>(outlet.backlog()),
          .dropped = counters.dropped(),
          .refused = counters.refused,
          .conflated = counters.conflated};
}

}  // namespace

std::vector<RouteQuota> Supervisor::routes_to(const Instance& instance) {
  std::vector<RouteQuota> result;
  std::vector<const RouteInfo*> routes;  // of each
  {
    const RcuReader reader;
    for (const RouteEntry& entry : tables_.current().routes)
      for (const Target& target : entry.targets) {
        if (target.instance.get() != &instance) continue;
        result.push_back(backlog_of(entry, *target.outlet));
        routes.push_back(entry.info);
      }
  }
  InFlightTable& table = hub_->in_flight();
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!result[i].function) continue;
    result[i].in_flight_max = routes[i]->settings.in_flight_max;
    result[i].in_flight_refused = table.on_route(routes[i]->id).refused;
  }
  table.for_each([&](const InFlight& record) {  // under the table's lock: nothing here asks the heap
    const auto route = std::ranges::find(routes, record.route);
    if (route != routes.end()) count(record, result[static_cast<std::size_t>(route - routes.begin())]);
    return false;
  });
  return result;
}

Result<InstanceQuotas> Supervisor::quotas_of(std::uint64_t number) {
  const auto found = std::ranges::find_if(
      running_, [&](const auto& each) { return each.second.process->instance().identity.id.value == number; });
  if (found == running_.end())
    return error(ErrorCode::NoSuchPlugin, "there is no instance {} any more: see `shunt ls`", number);
  const PluginVersion& version = *found->second.version;
  Instance& instance = found->second.process->instance();
  return InstanceQuotas{.compartment = version.compartment(),
                        .outbound = outbound_of(instance, hub_->stalled_chunk(instance)),
                        .inbound = inbound_of(instance),
                        .routes = routes_to(instance),
                        .calls = calls_of(instance, version, hub_->in_flight())};
}

Result<InstanceQuotas> quotas_of(Core& core, std::uint64_t instance) {
  Result<InstanceQuotas> result;
  SHUNT_CHECK(core.on_loop([&](const auto& done) {
    result = core.supervisor->quotas_of(instance);
    done({});
  }));
  return result;
}

}  // namespace shunt::host
