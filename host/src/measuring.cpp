/// What a plugin's versions do, counted while a rollout asks for it: calls by version and function, and by instance
/// what it took for them.

#include "cpu_time.hpp"
#include "plugin_figures.hpp"
#include "supervisor.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::chrono::nanoseconds kNone{0};

CallCounts counts_of(const Outcomes& outcomes) {
  const std::uint64_t failed = outcomes.failed(), slow = outcomes.slow();
  return {.calls = outcomes.answered() + failed + slow, .failed = failed, .slow = slow};
}

std::uint64_t quota_refusals_of(Instance& instance) {
  std::uint64_t sum = 0;
  const bus::LaneShape& shape = instance.lane->shape();
  for (std::uint32_t size_class = 0; size_class < shape.inbound.classes().size(); ++size_class)
    sum += instance.holding(size_class).over_cap;
  for (std::uint32_t size_class = 0; size_class < shape.outbound.classes().size(); ++size_class)
    sum += instance.lane->theirs().pool.refused[size_class].load(std::memory_order_relaxed);
  return sum;
}

}  // namespace

void Supervisor::measure(const std::string& name, bool on) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || std::exchange(plugin->is_measured, on) == on) return;
  if (!on) {
    for (auto& [route, guarded] : plugin->guarded)
      for (Guard& guard : guarded.guards) guard.outcomes->measure(false);
    for (auto& [of, outcomes] : plugin->measured) drop(std::exchange(outcomes, nullptr));
    plugin->measured.clear();
  }
  publish_table();
}

/// Before a table: somewhere to count for every version that gets calls. Where a breaker counts them already, there.
void Supervisor::set_measures(Plugin& plugin) {
  if (!plugin.is_measured) return;
  const auto count = [&](const RouteInfo& route, const PluginVersion* version, std::chrono::nanoseconds slow_after) {
    auto& outcomes = plugin.measured[{route.id.value, version}];
    if (outcomes != nullptr) return;
    outcomes = std::make_shared<Outcomes>(slow_after);
    outcomes->measure(true);
  };
  for (const RouteInfo* const route : plugin.serving->functions) {
    const auto guarded = plugin.guarded.find(route->id.value);
    const auto slow_after = guarded == plugin.guarded.end() ? kNone : guarded->second.policy.slow_after;
    if (plugin.shadow.version != nullptr) count(*route, plugin.shadow.version.get(), slow_after);
    for (const VersionShare& share : plugin.shares_said(route->id.value)) {
      const Guard* const guard = guarded == plugin.guarded.end() ? nullptr : guarded->second.find(*share.version);
      if (guard != nullptr) guard->outcomes->measure(true);
      else count(*route, share.version.get(), slow_after);
    }
  }
}

/// Before the table that follows from it. A book is kept until nobody in flight is in it.
void Supervisor::set_shadow(Plugin& plugin, const Shadow& shadow) {
  if (plugin.shadow == shadow) return;
  std::erase_if(closed_books_, [](const auto& each) { return each.use_count() == 1 && each->is_idle(); });
  if (plugin.shadow_book != nullptr) {
    plugin.shadows_before += plugin.shadow_book->counts();
    closed_books_.push_back(std::move(plugin.shadow_book));
  }
  plugin.shadow = shadow;
  plugin.comparisons.clear();
  plugin.shadow_book = shadow.version == nullptr ? nullptr : std::make_shared<ShadowBook>(shadow.share);
}

/// At once: nobody waits for what it has.
void Supervisor::end_shadow(Plugin& plugin) {
  set_shadow(plugin, {});
  for (auto& [number, seat] : plugin.shadow_seats) {
    loop_.cancel(std::exchange(seat.restart, 0));
    seat.current = nullptr;
    for (auto& [key, running] : running_) {
      if (running.version != seat.version || running.seat != number || std::exchange(running.expected_end, true))
        continue;
      running.process->stop_asked();
      running.process->drain_done();
    }
  }
  plugin.shadow_seats.clear();
}

/// What differs in its bytes only is the same. By the schema of who serves: that is what callers read.
void Supervisor::settle_shadow(Plugin& plugin) {
  if (plugin.shadow_book == nullptr) return;
  plugin.shadow_book->settle([&](const ShadowPair& pair) {
    const RouteInfo& route = pair.route();
    auto known = plugin.comparisons.find(route.id.value);
    if (known == plugin.comparisons.end()) {
      auto made = PayloadComparison::of(plugin.serving->image.manifest.binary_schemas, route.reply.name);
      if (!made) return false;
      known = plugin.comparisons.emplace(route.id.value, *std::move(made)).first;
    }
    return known->second.same(pair.reply(ShadowSide::Real), pair.reply(ShadowSide::Shadow));
  });
}

PluginFigures Supervisor::figures(const std::string& name) {
  PluginFigures figures;
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return figures;
  const auto count = [&](const PluginVersion* version, const Outcomes& outcomes) {
    PluginFigures::Calls& calls = figures.calls[version];
    calls.counts += counts_of(outcomes);
    if (outcomes.latencies() != nullptr) calls.latencies += outcomes.latencies()->counts();
  };
  for (const auto& [of, outcomes] : plugin->measured) count(of.second, *outcomes);
  for (const auto& [route, guarded] : plugin->guarded)
    for (const Guard& guard : guarded.guards) count(guard.version.get(), *guard.outcomes);
  for (const auto& [route, guarded] : plugin->guarded)
    for (const Guard& guard : guarded.guards)
      if (guard.is_shunned()) figures.shunned[guard.version.get()] = directory_.at({route})->name;
  figures.crashes = plugin->crashes_of;
  settle_shadow(*plugin);
  figures.shadow = plugin->shadows_before;
  if (plugin->shadow_book != nullptr) figures.shadow += plugin->shadow_book->counts();
  for (auto& [key, running] : running_) {
    Instance& instance = running.process->instance();
    if (instance.identity.plugin != name || running.active_since.time_since_epoch() == kNone) continue;
    figures.instances.push_back({.instance = instance.identity.id.value,
                                 .version = running.version.get(),
                                 .messages = instance.progress().all_done(),
                                 .cpu = std::max(cpu_of(running.process->pid()) - running.cpu_to_start, kNone),
                                 .quota_refusals = quota_refusals_of(instance),
                                 .denials = running.denials});
  }
  return figures;
}

}  // namespace shunt::host
