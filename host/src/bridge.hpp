#pragma once
/// A bridge as the host sees it: an instance like a plugin's, with a program of its own and a manifest that the host
/// has made from the routes that are open. Nothing here knows what is on the other side.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/ids.hpp>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

struct PluginVersion;

struct OpenTopic {
  std::string name;
  std::string type;
  SchemaHash schema;
  std::vector<std::uint8_t>
      reflection{};  ///< The type, as FlatBuffers describes it; empty: its bridge has no use for it.
};

struct Bridge {
  std::string program;               ///< "shunt-bridge-iceoryx"
  std::filesystem::path configured;  ///< Where that is; empty: beside the launcher.
  std::vector<OpenTopic> topics;     ///< In the order of the manifest's topics, in and out.
};

/// Its name, which no plugin can have: "bridge:iceoryx", "bridge:dds".
[[nodiscard]] std::string_view bridge_name(Open open) noexcept;

/// Everything of a bridge but its topics: name, version, program, settings, limits. Errors: System.
[[nodiscard]] Status describe_bridge(Open open, const HostConfiguration& configuration, PluginVersion& version);

/// Adds to a bridge's topics what `plugins` say of their types, for one that checks what comes from a network.
/// Errors: BadSchema.
[[nodiscard]] Status describe_types(std::span<const std::shared_ptr<PluginVersion>> plugins, PluginVersion& version);

/// What becomes of a message whose bridge does not keep up: the oldest goes, or the newest where the route says so. A
/// bridge never refuses, since what it waits for is outside.
[[nodiscard]] constexpr SlowConsumer policy_of_bridge(SlowConsumer of_route) noexcept {
  return of_route == SlowConsumer::Refuse ? SlowConsumer::DropOldest : of_route;
}

}  // namespace shunt::host
