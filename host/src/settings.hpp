#pragma once
/// A plugin's `config` from host.toml, made into the settings that its manifest declares.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/manifest.hpp>

#include <string>
#include <vector>

namespace shunt {

/// One key with its value as text, as a plugin's init receives it.
struct Setting {
  std::string key;
  std::string value;
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// One setting per declared key that has a value or a default, in the manifest's order. The manifest is that of a
/// plugin that is trusted: its patterns are run. Errors: BadConfiguration (an unknown or missing key, a value of
/// another type or out of range: correct host.toml at the place named), BadManifest (a pattern or a default that cannot
/// be: correct the plugin).
Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin);

}  // namespace shunt
