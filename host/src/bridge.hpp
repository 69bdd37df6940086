#pragma once
/// A bridge as the host sees it: an instance like a plugin's, with a program of its own and a manifest that the host
/// has made from the routes that are open. Nothing here knows what is on the other side.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/ids.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

struct PluginVersion;

struct OpenTopic {
  std::string name;
  std::string type;
  SchemaHash schema;
};

struct Bridge {
  std::string program;               ///< "shunt-bridge-iceoryx"
  std::filesystem::path configured;  ///< Where that is; empty: beside the launcher.
  std::vector<OpenTopic> topics;     ///< In the order of the manifest's topics, in and out.
};

/// Its name, which no plugin can have: "bridge:iceoryx".
[[nodiscard]] std::string_view bridge_name(Open open) noexcept;

/// Everything of a bridge but its topics: name, version, program, settings, limits. Errors: System.
[[nodiscard]] Status describe_bridge(Open open, const HostConfiguration& configuration, PluginVersion& version);

/// What becomes of a message whose bridge does not keep up: the oldest goes, or the newest where the route says so. A
/// bridge never refuses, since what it waits for is outside.
[[nodiscard]] constexpr SlowConsumer policy_of_bridge(SlowConsumer of_route) noexcept {
  return of_route == SlowConsumer::Refuse ? SlowConsumer::DropOldest : of_route;
}

}  // namespace shunt::host
