/// What a host would make of its configuration, added up. Each size is asked of the code that makes it.

#include "core.hpp"
#include "units.hpp"

#include <shunt/host/plan.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace shunt {
namespace {

using host::Core;
using host::PluginVersion;
using Versions = std::vector<std::shared_ptr<PluginVersion>>;

/// As a row of the plan calls it.
std::string what(const bus::Region& region) {
  constexpr std::string_view kPrefix = "shunt: ";
  const std::string_view label{region.label};
  return std::string{label.starts_with(kPrefix) ? label.substr(kPrefix.size()) : label};
}

std::string made_of(const bus::PoolGeometry& pool) {
  std::string text;
  for (const bus::SizeClass& each : pool.classes())
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", each.chunks, bytes_text(each.bytes));
  return text;
}

std::string made_of(const bus::SideShape& side) {
  return fmt::format("{} rings of {} slots, room for {} returned chunks", bus::kRings, side.slots, side.return_slots);
}

std::string title(const PluginVersion& version) {
  return fmt::format("{} {}", version.name(), to_string(version.image.version));
}

PlannedMemory shared(std::string owner, const bus::Region& region, std::string made_of) {
  return {std::move(owner), what(region), true, false, region.bytes, std::move(made_of)};
}

void add_inbound(const std::string& owner, const bus::PoolGeometry& pool, std::vector<PlannedMemory>& parts) {
  parts.push_back(shared(owner, host::InboundPool::memory(pool), made_of(pool)));
  parts.push_back({owner, "books of that pool", false, false, bus::ChunkPool::private_bytes(pool),
                   fmt::format("{} chunks", pool.chunks())});
}

void add_host(std::vector<PlannedMemory>& parts) {
  add_inbound("host", host::Hub::own_geometry(), parts);
  parts.push_back({"host", "calls in flight", false, false, host::InFlightTable::bytes(host::Hub::kInFlightMax),
                   fmt::format("{} over all routes", host::Hub::kInFlightMax)});
}

void add_compartments(Core& core, std::vector<PlannedMemory>& parts) {
  core.catalog.for_each_geometry(
      [&](const std::string& name, const bus::PoolGeometry& pool) { add_inbound("compartment " + name, pool, parts); });
}

/// The host keeps the bytes that it has checked.
Status add_files(const PluginVersion& version, std::vector<PlannedMemory>& parts) {
  if (version.bridge) return {};  // brings its own
  SHUNT_TRY(bytes, bus::sealed_size(version.image.descriptor.get()));
  parts.push_back({title(version), "plugin file", true, false, bytes, version.image.path.string()});
  for (const SealedLibrary& each : version.image.libraries) {
    SHUNT_TRY(library_bytes, bus::sealed_size(each.descriptor.get()));
    parts.push_back({title(version), "library " + each.name, true, false, library_bytes, each.path});
  }
  return {};
}

std::uint32_t most_instances(const Versions& versions) {
  std::uint32_t most = 1;
  for (const auto& version : versions) most = std::max(most, version->configuration.instances);
  return most;
}

/// What waits for a plugin, whichever version is going to read it.
void add_backlogs(const Versions& versions, std::size_t seats, std::vector<PlannedMemory>& parts) {
  std::uint32_t leftover = 0;
  std::map<std::string, const host::RouteInfo*> routes;
  for (const auto& version : versions) {
    leftover = std::max(leftover, version->configuration.slots);
    for (const auto* of : {&version->functions, &version->topics_in})
      for (const host::RouteInfo* each : *of) routes.emplace(each->name, each);
  }
  for (const auto& [name, route] : routes)
    for (std::size_t seat = 0; seat < std::max<std::size_t>(seats, most_instances(versions)); ++seat)
      parts.push_back(
          {versions.front()->name(), "backlog of " + name, false, false,
           host::Outlet::bytes(host::policy_of(*route), host::backlog_of(*route), leftover),
           fmt::format("{} messages, and {} that a dead instance leaves", host::backlog_of(*route), leftover)});
}

/// What latched topics keep, and a copy of it for each plugin that comes late.
void add_latched(Core& core, const Versions& versions, std::vector<PlannedMemory>& parts) {
  core.directory.for_each([&](const host::RouteInfo& route) {
    if (route.latch == nullptr) return;
    const auto made_of =
        fmt::format("{} publications of {}", route.settings.latched, bytes_text(route.settings.latched_bytes));
    parts.push_back({"host", "latched of " + route.name, false, false,
                     host::Latch::bytes(route.settings.latched, route.settings.latched_bytes), made_of});
    std::map<std::string, std::uint32_t> hear;  // how many instances of each plugin
    for (const auto& version : versions)
      if (std::ranges::find(version->topics_in, &route) != version->topics_in.end())
        hear[version->name()] = std::max(hear[version->name()], version->configuration.instances);
    for (const auto& [plugin, instances] : hear)
      for (std::uint32_t seat = 0; seat < instances; ++seat)
        parts.push_back({plugin, "greeting of " + route.name, false, false,
                         route.settings.latched * ((route.settings.latched_bytes + 7) / 8 * 8) + 1, made_of});
  });
}

/// What one version hands to another in a switch, until that has restored it.
void add_state(const Versions& versions, std::vector<PlannedMemory>& parts) {
  std::uint64_t most = 0;
  for (const auto& version : versions)
    if (!version->image.manifest.state.empty()) most = std::max(most, version->configuration.state_max);
  if (most == 0 || versions.size() < 2) return;
  parts.push_back({versions.front()->name(), "state on its way", true, true, most, "`state_max`, in a switch"});
}

std::vector<PlannedMemory> instance_of(const PluginVersion& version) {
  const bus::LaneShape::Memory lane = version.shape.memory();
  std::vector<PlannedMemory> parts{shared(title(version), lane.host_side, made_of(version.shape.host_side)),
                                   shared(title(version), lane.plugin_side, made_of(version.shape.plugin_side)),
                                   shared(title(version), lane.outbound, made_of(version.shape.outbound))};
  if (!version.last_wills.empty())
    parts.push_back({title(version), "last wills", false, false, version.last_wills.size() * kLastWillBytesMax,
                     fmt::format("{} of {}", version.last_wills.size(), bytes_text(kLastWillBytesMax))});
  if (!version.bridge)  // nothing bounds what a bridge takes
    parts.push_back({title(version), "private memory", false, false, version.configuration.sandbox.memory_bytes,
                     "`sandbox.memory`, of the plugin process"});
  return parts;
}

std::uint64_t sum(const std::vector<PlannedMemory>& parts) {
  std::uint64_t bytes = 0;
  for (const PlannedMemory& each : parts) bytes += each.bytes;
  return bytes;
}

/// How many instances of one plugin are up at one time, while nothing changes: at most.
std::size_t count_up(const Versions& versions) {
  std::size_t warm = 0;
  std::size_t cold = 0;  // of the version that is not warm and has most: it may serve
  for (const auto& version : versions)
    if (version->configuration.warm) warm += version->configuration.instances;
    else cold = std::max<std::size_t>(cold, version->configuration.instances);
  return warm + cold;
}

/// Twice as many instances of a plugin can be there as are up while nothing changes, and all may be of the version that
/// needs most: a restart does not wait for the end of what was stopped.
void add_instances(const Versions& versions, std::size_t at_start, std::vector<PlannedMemory>& parts) {
  std::vector<PlannedMemory> largest;
  for (const auto& version : versions)
    if (auto instance = instance_of(*version); sum(instance) > sum(largest)) largest = std::move(instance);
  const std::size_t up = std::max(at_start, count_up(versions));
  for (std::size_t i = 0; i < 2 * up; ++i)
    for (PlannedMemory each : largest) {
      each.second = i >= up;
      parts.push_back(std::move(each));
    }
}

}  // namespace

std::uint64_t MemoryPlan::shared_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const PlannedMemory& each : parts) bytes += each.shared ? each.bytes : 0;
  return bytes;
}

std::uint64_t MemoryPlan::private_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const PlannedMemory& each : parts) bytes += each.shared ? 0 : each.bytes;
  return bytes;
}

Result<MemoryPlan> plan_memory(HostConfiguration configuration) {
  SHUNT_TRY(core, Core::create(std::move(configuration)));
  core->catalog.only_plan();
  SHUNT_TRY(versions, core->load_plugins());
  MemoryPlan plan{core->configuration.name, {}};
  add_host(plan.parts);
  add_compartments(*core, plan.parts);
  std::map<std::string, Versions> plugins;
  for (const auto& version : versions) {
    SHUNT_CHECK(add_files(*version, plan.parts));
    plugins[version->name()].push_back(version);
  }
  add_latched(*core, versions, plan.parts);
  for (const auto& [name, of_plugin] : plugins) {
    const auto [seats, warm] = core->supervisor->count_up(name);
    add_backlogs(of_plugin, seats, plan.parts);
    add_instances(of_plugin, seats + warm, plan.parts);
    add_state(of_plugin, plan.parts);
  }
  return plan;
}

}  // namespace shunt
