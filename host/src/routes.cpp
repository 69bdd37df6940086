/// The route table that follows from which instances serve, and what people are shown of it.

#include "supervisor.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shunt::host {
namespace {

/// First who gets more; and side by side by compartment: one copy serves each.
void arrange(RouteEntry& entry) {
  std::ranges::stable_sort(entry.targets, {}, [](const Target& each) {
    return std::pair{each.takes, each.outlet->pool.get()};
  });
  const auto count = [&](Takes least) {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(entry.targets, [&](const Target& each) { return each.takes <= least; }));
  };
  entry.hear_host = count(Takes::Everything);
  entry.hear_plugins = count(Takes::FollowUps);
}

}  // namespace

void Supervisor::publish_table() {
  RouteTable table;
  table.epoch = ++epoch_;
  table.chains = chains_;
  table.routes.resize(directory_.size() + 1);
  const auto entry_of = [&](const RouteInfo& route, RouteKind kind) -> RouteEntry& {
    RouteEntry& entry = table.routes[route.id.value];
    entry.kind = kind;
    entry.info = &route;
    return entry;
  };
  for (const auto& [name, plugin] : plugins_) {
    const PluginVersion& version = *plugin.serving;
    const std::string why_down = why_off(plugin, name);
    const auto& instance = plugin.current != nullptr ? plugin.current : plugin.leaving;
    const bool is_gone = plugin.stopped && instance == nullptr;
    const Takes off = plugin.follow_ups && !is_gone ? Takes::FollowUps : Takes::Nothing;
    const auto receiver_of = [&instance, waits = plugin.before.had_all](const RouteInfo& route) {
      return waits && route.settings.order == Order::Total ? nullptr : instance;
    };
    const Takes takes = why_down.empty() ? Takes::Everything : off;
    const std::string why_no_calls = why_down.empty() ? why_unhealthy(plugin, name) : why_down;
    for (const RouteInfo* route : version.functions) {
      RouteEntry& entry = entry_of(*route, RouteKind::Function);
      entry.targets.push_back({catalog_.outlet(*route, version), receiver_of(*route), takes});
      entry.version = version.image.version;
      entry.down = !why_no_calls.empty();
      entry.follow_ups = takes == Takes::FollowUps;
      entry.starts = entry.follow_ups && plugin.held;
      entry.why_down = why_no_calls;
    }
    for (const RouteInfo* route : version.topics_out) entry_of(*route, RouteKind::Topic);
    for (const RouteInfo* route : version.topics_in) {
      RouteEntry& entry = entry_of(*route, RouteKind::Topic);
      if (is_gone) continue;
      entry.targets.push_back({catalog_.outlet(*route, version), receiver_of(*route), takes});
    }
    if (plugin.before.instance == nullptr) continue;
    for (const RouteInfo* route : plugin.before.version->functions) {
      RouteEntry& entry = entry_of(*route, RouteKind::Function);
      for (Target& target : entry.targets) target.earlier = plugin.before.instance;
      entry.before = Target{catalog_.outlet(*route, *plugin.before.version), plugin.before.instance};
      entry.version_before = plugin.before.version->image.version;
    }
  }
  for (const auto& inbox : inboxes_) entry_of(inbox->route, RouteKind::Topic).inboxes.push_back(inbox);
  for (RouteEntry& entry : table.routes) {
    if (entry.kind == RouteKind::None) continue;
    if (std::string why_down = why_off(*entry.info); !why_down.empty()) {
      entry.down = true;
      entry.follow_ups = false;
      entry.starts = false;
      entry.why_down = std::move(why_down);
    }
    arrange(entry);
  }
  hub_->exchange(std::move(table));
}

/// After whose name it is off its routes, a sentence with it; empty: it is not.
std::string Supervisor::why_off(const Plugin& plugin, const std::string& name) const {
  if (plugin.stopped) return fmt::format("\"{}\" {}", name, plugin.why_down);
  if (plugin.held) return fmt::format("\"{}\" is being restarted", name);
  const std::string_view why = host::why_off(plugin_admissions_.of(name));
  return why.empty() ? std::string{} : fmt::format("\"{}\" {}", name, why);
}

std::string Supervisor::why_off(const RouteInfo& route) const {
  if (stopped_routes_.contains(route.name)) return fmt::format("\"{}\" was stopped: see `shunt restart`", route.name);
  const std::string_view why = host::why_off(route_admissions_.of(route.name));
  return why.empty() ? std::string{} : fmt::format("\"{}\" {}", route.name, why);
}

/// What waits for a plugin that is stopped: requests fail, publications are dropped. They would hold their chunks, and
/// it would hear old ones first after a restart.
std::uint32_t Supervisor::end_waiting(const std::string& name, const Error& why) {
  hub_->fail_waiting(name, why);
  std::uint32_t dropped = 0;
  catalog_.for_each_outlet([&](Outlet& outlet) {
    if (outlet.consumer != name || directory_.at(outlet.route)->function) return;
    dropped += outlet.drop([&](const QueuedMessage& message) { Hub::let_go(message.header, *outlet.pool); });
  });
  return dropped;
}

namespace {

/// A table's name stands in a binary schema as FlatBuffers writes strings: its length, its text, a zero. The text alone
/// would also be found within a longer name.
bool declares(const BinarySchema& schema, const std::string& type) {
  std::string written(sizeof(std::uint32_t), '\0');
  const auto length = static_cast<std::uint32_t>(type.size());
  std::memcpy(written.data(), &length, sizeof length);  // little-endian on every machine that Shunt runs on
  written.append(type).push_back('\0');
  const std::string_view text{reinterpret_cast<const char*>(schema.bytes.data()), schema.bytes.size()};
  return text.find(written) != std::string_view::npos;
}

}  // namespace

std::vector<std::byte> Supervisor::schema_of(std::string_view route, SchemaPart part) const {
  for (const auto& [name, plugin] : plugins_)
    for (const auto& version : plugin.versions)
      for (const auto* routes : {&version->functions, &version->calls, &version->topics_in, &version->topics_out})
        for (const RouteInfo* each : *routes) {
          if (each->name != route) continue;
          const std::string& type = part == SchemaPart::Reply ? each->reply.name : each->request.name;
          for (const BinarySchema& schema : version->image.manifest.binary_schemas)
            if (declares(schema, type)) return schema.bytes;
        }
  return {};
}

std::vector<KnownVersion> Supervisor::versions_of(const std::string& plugin) const {
  std::vector<KnownVersion> result;
  const auto found = plugins_.find(plugin);
  if (found == plugins_.end()) return result;
  for (const auto& each : found->second.versions)
    result.push_back({to_string(each->image.version), each->image.path,
                      each == found->second.serving && found->second.current != nullptr});
  return result;
}

std::vector<std::string> Supervisor::publishers_of(std::string_view topic) const {
  std::vector<std::string> result;
  for (const auto& [name, plugin] : plugins_)
    if (plugin.current != nullptr &&
        std::ranges::any_of(plugin.serving->topics_out, [&](const RouteInfo* each) { return each->name == topic; }))
      result.push_back(name);
  return result;
}

void Supervisor::add_inbox(std::shared_ptr<Inbox> inbox) {
  inboxes_.push_back(std::move(inbox));
  publish_table();
}

void Supervisor::remove_inbox(const Inbox& inbox) {
  std::erase_if(inboxes_, [&](const auto& each) { return each.get() == &inbox; });
  publish_table();
}

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
    bool shown = false;
    for (auto& [key, running] : running_) {
      Instance& instance = running.process->instance();
      if (instance.identity.plugin != name) continue;
      PluginSnapshot each = describe(*running.version, plugin);
      instance.harvest();  // what it has returned it does not hold any more
      const auto progress = instance.progress();
      each.state = shunt::name(running.process->state());
      each.instance = instance.identity.id.value;
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
      each.unheard = instance.unheard.load(std::memory_order_relaxed);
      each.sandbox = running.sandbox;
      each.last_wills = last_wills_of(*running.version, &running);
      each.says_state = running.carried.state;
      if (!each.bridge) each.says_health = host::name(running.health.state);
      each.says_health_reason = running.health.reason;
      each.says_validators = running.validators;
      each.says_failed = running.failures;
      if (each.bridge) each.open_topics = open_topics_of(running);
      shown |= running.version == plugin.serving;
      result.plugins.push_back(std::move(each));
    }
    if (shown) continue;
    PluginSnapshot each = describe(*plugin.serving, plugin);
    each.state = plugin.backoff.is_quarantined() ? "Quarantined" : plugin.stopped ? "Stopped" : "Restarting";
    result.plugins.push_back(std::move(each));
  }
  snapshot_routes(result);
  result.pools.push_back(snapshot_of({}, hub_->own_pool()));
  catalog_.for_each_pool([&](const std::string& compartment, InboundPool& pool) {
    result.pools.push_back(snapshot_of(compartment, pool));
  });
  return result;
}

void Supervisor::snapshot_routes(HostSnapshot& result) {
  const RcuReader reader;
  for (const RouteEntry& entry : tables_.current().routes) {
    if (entry.kind == RouteKind::None) continue;
    RouteSnapshot route{.name = entry.info->name,
                        .function = entry.kind == RouteKind::Function,
                        .request = entry.info->request.name,
                        .reply = entry.info->reply.name,
                        .in_flight = 0,
                        .in_flight_max = 0,
                        .in_flight_refused = 0,
                        .admission = {},
                        .why_down = entry.why_down,
                        .turned_away = entry.info->counters.turned_away.load(std::memory_order_relaxed),
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
    }
    for (const Target& target : entry.targets) {
      const auto counters = target.outlet->counters();
      route.receivers.push_back(
          {target.outlet->consumer, target.instance == nullptr ? "" : to_string(target.instance->identity.version),
           target.outlet->waiting(), target.outlet->backlog(), counters.dropped(), counters.refused, counters.unknown,
           counters.redelivered, counters.conflated, counters.latched, target.takes == Takes::Everything});
    }
    // The table has them in the order of their pools, which is anybody's.
    std::ranges::sort(route.receivers, {}, &RouteSnapshot::Receiver::plugin);
    result.routes.push_back(std::move(route));
  }
}

}  // namespace shunt::host
