#pragma once
/// What host.toml says of a plugin, made one with what its manifest declares: its settings, and how it serves.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/settings.hpp>

namespace shunt {

/// resolve_settings for what host.toml, or the same in code, gives a plugin. Errors: those of resolve_settings, with
/// the place in host.toml.
Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin);

struct Serving {
  std::uint32_t workers = 1;
  std::uint32_t in_flight_max = 50;
};

/// Errors: BadConfiguration (several instances of a plugin with state; several workers for a plugin that is not written
/// for them, or more than its sandbox has threads for).
Result<Serving> resolve_serving(const Manifest& manifest, const PluginConfiguration& plugin);

}  // namespace shunt
