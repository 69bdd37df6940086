#include "attach.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

std::vector<std::uint32_t> ids(const std::vector<RouteInfo*>& routes) {
  std::vector<std::uint32_t> result;
  result.reserve(routes.size());
  for (const RouteInfo* route : routes) result.push_back(route->id.value);
  return result;
}

std::vector<flatbuffers::Offset<control::SizeClass>> classes(flatbuffers::FlatBufferBuilder& builder,
                                                             const bus::PoolGeometry& pool) {
  std::vector<flatbuffers::Offset<control::SizeClass>> result;
  result.reserve(pool.classes().size());
  for (const bus::SizeClass& each : pool.classes())
    result.push_back(control::CreateSizeClass(builder, each.bytes, each.chunks));
  return result;
}

}  // namespace

/// A fence is saved where threads of the host spin for what this plugin sends. One that sleeps all the same, for
/// another plugin or in Host::wait(), does not wait for this one's bell: it looks again soon.
bus::Sleepers sleepers_of(const PluginVersion& version) {
  const auto sleeps = [](const RouteInfo* route) { return route->settings.wait != bus::Wait::Spin; };
  return {.host = std::ranges::any_of(version.functions, sleeps) || std::ranges::any_of(version.calls, sleeps) ||
                  std::ranges::any_of(version.topics_out, sleeps),
          .plugin = version.configuration.wait != bus::Wait::Spin};
}

namespace {

flatbuffers::Offset<control::Sandbox> sandbox_of(flatbuffers::FlatBufferBuilder& builder, const PluginVersion& version,
                                                 SandboxRequired required) {
  const SandboxLimits& limits = version.configuration.sandbox;
  const Permissions& permissions = version.image.manifest.permissions;
  const auto reads = builder.CreateVectorOfStrings(permissions.read);
  const auto syscalls = builder.CreateVectorOfStrings(permissions.syscalls);
  return control::CreateSandbox(builder, limits.threads, limits.memory_high_bytes, limits.denials,
                                required == SandboxRequired::Full, reads, syscalls,
                                static_cast<control::Scheduling>(limits.scheduling), limits.priority, limits.nice);
}

}  // namespace

void build_attach(flatbuffers::FlatBufferBuilder& builder, const PluginVersion& version, const Instance& instance,
                  SandboxRequired required, std::chrono::nanoseconds clock) {
  const auto functions = ids(version.functions);
  const auto calls = ids(version.calls);
  const auto topics_in = ids(version.topics_in);
  const auto topics_out = ids(version.topics_out);
  const auto inbound = classes(builder, version.shape.inbound);
  const auto outbound = classes(builder, version.shape.outbound);
  std::vector<flatbuffers::Offset<control::KeyValue>> settings;
  for (const Setting& each : version.settings)
    settings.push_back(control::CreateKeyValueDirect(builder, each.key.c_str(), each.value.c_str()));
  std::vector<flatbuffers::Offset<flatbuffers::String>> libraries;
  for (const SealedLibrary& each : version.image.libraries) libraries.push_back(builder.CreateString(each.name));
  const SandboxLimits& limits = version.configuration.sandbox;
  const auto sandbox = sandbox_of(builder, version, required);
  std::vector<flatbuffers::Offset<control::OpenTopic>> open;
  if (version.bridge)
    for (const OpenTopic& each : version.bridge->topics)
      open.push_back(control::CreateOpenTopicDirect(builder, each.name.c_str(), each.type.c_str(), each.schema.value,
                                                    &each.reflection));
  std::vector<std::uint32_t> last_wills;
  for (const auto& [topic, verifier] : version.last_wills) last_wills.push_back(topic);
  const auto text = to_string(version.image.version);
  finish_message(
      builder,
      control::CreateAttachDirect(
          builder, bus::kLayoutVersion, instance.identity.id.value, version.name().c_str(), text.c_str(),
          version.configuration.slots, static_cast<control::Wait>(version.configuration.wait),
          sleepers_of(version).host, &inbound, &outbound, &functions, &calls, &topics_in, &topics_out, &settings,
          limits.memory_bytes, limits.open_files, &limits.cpus, &libraries, sandbox, &open,
          version.serving.in_flight_max, version.serving.workers, &last_wills,
          static_cast<std::uint64_t>(version.configuration.health_period.count()),
          static_cast<std::uint64_t>(version.configuration.handler_max.count()),
          version.configuration.clock == PluginClock::Driven, clock.count(), !version.image.manifest.state.empty()));
}

}  // namespace shunt::host
