#pragma once
/// A plugin's `config` from host.toml, made into the settings that its manifest declares.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/settings.hpp>

namespace shunt {

/// resolve_settings for what host.toml, or the same in code, gives a plugin. Errors: those of resolve_settings, with
/// the place in host.toml.
Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin);

}  // namespace shunt
