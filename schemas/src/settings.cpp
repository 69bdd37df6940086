#include <shunt/schemas/nearest.hpp>
#include <shunt/schemas/settings.hpp>

#include <algorithm>

namespace shunt {
namespace {

/// "host.toml:12:24: " or nothing.
std::string at(std::string_view origin) { return origin.empty() ? std::string() : fmt::format("{}: ", origin); }

std::string described(ConfigType type) {
  return fmt::format("{} {}", type == ConfigType::Int ? "an" : "a", name(type));
}

/// The value's text, if its type is the key's; a whole number is a float as well.
Result<std::string> given_text(const std::string& plugin, const ConfigKey& key, const GivenSetting& given) {
  const bool fits = given.type == key.type || (given.type == ConfigType::Int && key.type == ConfigType::Float);
  const auto checked =
      fits ? check_setting(key, given.text)
           : Status(error(ErrorCode::BadInput, "is {}; {} is meant", described(given.type), described(key.type)));
  if (checked) return given.text;
  const auto code =
      checked.error().code == ErrorCode::BadManifest ? ErrorCode::BadManifest : ErrorCode::BadConfiguration;
  return error(code, "{}config.{} of plugin {} {}", at(given.origin), key.name, plugin, checked.error().message);
}

Status refuse_unknown(const Manifest& manifest, std::span<const GivenSetting> given) {
  std::vector<std::string_view> known;
  for (const ConfigKey& key : manifest.config) known.push_back(key.name);
  for (const GivenSetting& each : given) {
    if (std::ranges::find(known, each.key) == known.end())
      return error(ErrorCode::BadConfiguration, "{}plugin {} has no config key {:?}; {}", at(each.origin),
                   manifest.name, each.key, suggestion(each.key, known));
    if (std::ranges::count(given, each.key, &GivenSetting::key) > 1)
      return error(ErrorCode::BadConfiguration, "{}config.{} of plugin {} is given twice; leave one out",
                   at(each.origin), each.key, manifest.name);
  }
  return {};
}

}  // namespace

Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, std::span<const GivenSetting> given,
                                              std::string_view origin) {
  SHUNT_CHECK(refuse_unknown(manifest, given));
  std::vector<Setting> settings;
  for (const ConfigKey& key : manifest.config) {
    if (const auto found = std::ranges::find(given, key.name, &GivenSetting::key); found != given.end()) {
      SHUNT_TRY(text, given_text(manifest.name, key, *found));
      settings.push_back({key.name, std::move(text)});
    } else if (key.default_value) {
      if (const auto fits = check_setting(key, *key.default_value); !fits)
        return error(ErrorCode::BadManifest, "the default of config key {} of plugin {} {}", key.name, manifest.name,
                     fits.error().message);
      settings.push_back({key.name, *key.default_value});
    } else if (key.required) {
      return error(ErrorCode::BadConfiguration, "{}plugin {} needs config.{} ({}), which is not given; add it",
                   at(origin), manifest.name, key.name, name(key.type));
    }
  }
  return settings;
}

}  // namespace shunt
