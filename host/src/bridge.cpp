#include "bridge.hpp"

#include "catalog.hpp"

#include <shunt/bus/memory.hpp>

#include <limits>

namespace shunt::host {
namespace {

/// Whatever ends a bridge comes from outside: it is started again for as long as the host runs, soon.
constexpr RestartPolicy kRestart{.delay_first = std::chrono::milliseconds{10},
                                 .delay_max = std::chrono::seconds{1},
                                 .healthy_after = std::chrono::seconds{5},
                                 .crashes_max = std::numeric_limits<std::uint32_t>::max(),
                                 .crash_window = std::chrono::seconds{1}};

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

}  // namespace

std::string_view bridge_name(Open open) noexcept {
  switch (open) {
    case Open::No: break;
    case Open::Iceoryx: return "bridge:iceoryx";
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
  return {};
}

}  // namespace shunt::host
