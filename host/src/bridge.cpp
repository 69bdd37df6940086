#include "bridge.hpp"

#include "catalog.hpp"
#include "reflection_writer.hpp"

#include <shunt/bus/memory.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/ranges.h>
#include <sys/random.h>

namespace shunt::host {
namespace {

/// Whatever ends a bridge comes from outside: it is started again for as long as the host runs, soon.
constexpr RestartPolicy kRestart{.delay_first = std::chrono::milliseconds{10},
                                 .delay_max = std::chrono::seconds{1},
                                 .healthy_after = std::chrono::seconds{5},
                                 .crashes_max = std::numeric_limits<std::uint32_t>::max(),
                                 .crash_window = std::chrono::seconds{1}};

/// Threads of DDS, what waits for readers, and what comes in pieces: what ends a bridge that others flood.
constexpr std::uint64_t kDdsMemoryBytes = 512u << 20;

std::string_view name(Roudi roudi) noexcept {
  switch (roudi) {
    case Roudi::Auto: return "auto";
    case Roudi::Embedded: return "embedded";
    case Roudi::Join: return "join";
  }
  return "auto";
}

/// "256:1024,4096:256"
std::string pool_text(const std::vector<bus::SizeClass>& classes) {
  std::string text;
  for (const bus::SizeClass& each : classes)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", each.bytes, each.chunks);
  return text;
}

void describe_iceoryx(const HostConfiguration& host, PluginVersion& version) {
  const IceoryxBridgeConfiguration& bridge = host.iceoryx;
  version.bridge->program = "shunt-bridge-iceoryx";
  version.bridge->configured = bridge.program;
  version.configuration.inbound = bridge.inbound;
  version.configuration.outbound = bridge.outbound;
  version.configuration.slots = bridge.slots;
  version.settings = {
      {"host", host.name}, {"roudi", std::string{name(bridge.roudi)}}, {"shared", pool_text(bridge.shared)}};
}

std::string text_of(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ",")); }

/// Of this host, among all that share a topic: what it has sent itself does not come back to it.
Result<std::string> new_origin() {
  std::array<std::uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return system_error("asking for random bytes");
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

/// "reliable 256 plain 0"
std::string dds_topic_text(const DdsBridgeConfiguration& bridge, const RouteConfiguration& route) {
  const auto configured = std::ranges::find(bridge.topics, route.name, &DdsTopicConfiguration::name);
  const DdsTopicConfiguration topic = configured == bridge.topics.end() ? DdsTopicConfiguration{} : *configured;
  return fmt::format("{} {} {} {}", topic.reliability == Reliability::Reliable ? "reliable" : "best_effort",
                     topic.history, topic.keyed ? "keyed" : "plain", route.latched);
}

Status describe_dds(const HostConfiguration& host, PluginVersion& version) {
  const DdsBridgeConfiguration& bridge = host.dds;
  SHUNT_TRY(origin, new_origin());
  version.bridge->program = "shunt-bridge-dds";
  version.bridge->configured = bridge.program;
  version.configuration.inbound = bridge.inbound;
  version.configuration.outbound = bridge.outbound;
  version.configuration.slots = bridge.slots;
  version.configuration.sandbox.memory_bytes = kDdsMemoryBytes;
  const std::uint32_t largest = std::max(bridge.inbound.back().bytes, bridge.outbound.back().bytes);
  const auto lease = std::chrono::duration_cast<std::chrono::milliseconds>(bridge.lease);
  std::error_code failed;
  const auto file =
      bridge.configuration.empty() ? bridge.configuration : std::filesystem::absolute(bridge.configuration, failed);
  if (failed)
    return error(ErrorCode::BadConfiguration, "bridges.dds.configuration: {}: {}", bridge.configuration.string(),
                 failed.message());
  version.settings = {{"domain", std::to_string(bridge.domain)},
                      {"origin", std::move(origin)},
                      {"message_bytes", std::to_string(largest)},
                      {"interfaces", text_of(bridge.interfaces)},
                      {"peers", text_of(bridge.peers)},
                      {"multicast", bridge.multicast ? "yes" : "no"},
                      {"lease_ms", std::to_string(lease.count())},
                      {"configuration", file.string()}};
  for (const RouteConfiguration& route : host.routes)
    if (route.open == Open::Dds) version.settings.push_back({"topic." + route.name, dds_topic_text(bridge, route)});
  return {};
}

}  // namespace

std::string_view bridge_name(Open open) noexcept {
  switch (open) {
    case Open::No: break;
    case Open::Iceoryx: return "bridge:iceoryx";
    case Open::Dds: return "bridge:dds";
  }
  return {};
}

Status describe_bridge(Open open, const HostConfiguration& configuration, PluginVersion& version) {
  version.image.manifest.name = bridge_name(open);
  SHUNT_TRY(release, Version::parse(SHUNT_VERSION));
  version.image.version = version.image.manifest.version = std::move(release);
  // Where a plugin's bytes are handed over: a bridge brings its own.
  SHUNT_TRY(no_plugin, bus::create_memory("shunt: no plugin", 1));
  version.image.descriptor = std::move(no_plugin);
  version.configuration.restart = kRestart;
  version.configuration.deadlines.drain = std::chrono::seconds{1};  // nor does its host's end wait for the outside
  version.configuration.wait = bus::Wait::Sleep;
  if (open == Open::Iceoryx) describe_iceoryx(configuration, version);
  return open == Open::Dds ? describe_dds(configuration, version) : Status{};
}

Status describe_types(std::span<const std::shared_ptr<PluginVersion>> plugins, PluginVersion& version) {
  for (OpenTopic& topic : version.bridge->topics) {
    const auto is_it = [&](const DeclaredTopic& each) { return each.name == topic.name; };
    for (const auto& plugin : plugins) {
      const Manifest& manifest = plugin->image.manifest;
      if (std::ranges::none_of(manifest.topics_in, is_it) && std::ranges::none_of(manifest.topics_out, is_it)) continue;
      SHUNT_TRY(schema, read_payload_schema(manifest.binary_schemas, {topic.type}));
      const auto bytes = write_reflection(schema, ReflectionUse::Layout);
      topic.reflection.assign(bytes.data(), bytes.data() + bytes.size());
      break;
    }
  }
  return {};
}

}  // namespace shunt::host
