#include "settings.hpp"

#include "nearest.hpp"

#include <algorithm>

namespace shunt {
namespace {

/// "host.toml:12:24: " or nothing.
std::string at(const std::string& origin) { return origin.empty() ? std::string() : origin + ": "; }

ConfigType type_of(const ConfigValue& value) {
  constexpr ConfigType kTypes[] = {ConfigType::Int, ConfigType::Float, ConfigType::Bool, ConfigType::String};
  return kTypes[value.value.index()];
}

std::string described(ConfigType type) {
  return fmt::format("{} {}", type == ConfigType::Int ? "an" : "a", name(type));
}

std::string text_of(const ConfigValue& value) {
  return std::visit([](const auto& content) { return fmt::format("{}", content); }, value.value);
}

/// The given value as text, if its type is the key's; a whole number is a float as well.
Result<std::string> given_text(const std::string& plugin, const ConfigKey& key, const ConfigValue& value) {
  const auto type = type_of(value);
  const bool fits = type == key.type || (type == ConfigType::Int && key.type == ConfigType::Float);
  const auto text = text_of(value);
  const auto checked =
      fits ? check_setting(key, text)
           : Status(error(ErrorCode::BadInput, "is {}; {} is meant", described(type), described(key.type)));
  if (checked) return text;
  const auto code =
      checked.error().code == ErrorCode::BadManifest ? ErrorCode::BadManifest : ErrorCode::BadConfiguration;
  return error(code, "{}config.{} of plugin {} {}", at(value.origin), key.name, plugin, checked.error().message);
}

Status refuse_unknown(const Manifest& manifest, const PluginConfiguration& plugin) {
  std::vector<std::string_view> known;
  for (const ConfigKey& key : manifest.config) known.push_back(key.name);
  for (const auto& [key, value] : plugin.config)
    if (std::ranges::find(known, key) == known.end())
      return error(ErrorCode::BadConfiguration, "{}plugin {} has no config key {:?}; {}", at(value.origin),
                   manifest.name, key, suggestion(key, known));
  return {};
}

}  // namespace

Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin) {
  SHUNT_CHECK(refuse_unknown(manifest, plugin));
  std::vector<Setting> settings;
  for (const ConfigKey& key : manifest.config) {
    if (const auto given = plugin.config.find(key.name); given != plugin.config.end()) {
      SHUNT_TRY(text, given_text(manifest.name, key, given->second));
      settings.push_back({key.name, std::move(text)});
    } else if (key.default_value) {
      if (const auto fits = check_setting(key, *key.default_value); !fits)
        return error(ErrorCode::BadManifest, "the default of config key {} of plugin {} {}", key.name, manifest.name,
                     fits.error().message);
      settings.push_back({key.name, *key.default_value});
    } else if (key.required) {
      return error(ErrorCode::BadConfiguration, "{}plugin {} needs config.{} ({}), which is not given; add it",
                   at(plugin.origin), manifest.name, key.name, name(key.type));
    }
  }
  return settings;
}

}  // namespace shunt
