#pragma once
/// The settings that somebody gives a plugin, checked against its manifest: by a host from host.toml, by a test in
/// code.
///
///     const GivenSetting given[] = {{"window", ConfigType::Int, "20"}};
///     SHUNT_TRY(settings, resolve_settings(manifest, given));       // with the manifest's defaults

#include <shunt/schemas/manifest.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

/// A value as it was given: of which type, and as text.
struct GivenSetting {
  std::string key;
  ConfigType type = ConfigType::String;
  std::string text;
  std::string origin{};  ///< "host.toml:12:24", for messages; empty when given in code.
};

/// One key with its value as text, as a plugin's init receives it.
struct Setting {
  std::string key;
  std::string value;
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// One setting per declared key that has a value or a default, in the manifest's order. The manifest is that of a
/// plugin that is trusted: its patterns are run. `origin` is where the settings are given, for messages. Errors:
/// BadConfiguration (an unknown key, one given twice or missing, a value of another type or out of range: correct it at
/// the place named), BadManifest (a pattern or a default that cannot be: correct the plugin).
Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, std::span<const GivenSetting> given,
                                              std::string_view origin = {});

}  // namespace shunt
