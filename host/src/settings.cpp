#include "settings.hpp"

#include <variant>

namespace shunt {
namespace {

GivenSetting given(const std::string& key, const ConfigValue& value) {
  constexpr ConfigType kTypes[] = {ConfigType::Int, ConfigType::Float, ConfigType::Bool, ConfigType::String};
  auto text = std::visit([](const auto& content) { return fmt::format("{}", content); }, value.value);
  return {key, kTypes[value.value.index()], std::move(text), value.origin};
}

}  // namespace

Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin) {
  std::vector<GivenSetting> all;
  all.reserve(plugin.config.size());
  for (const auto& [key, value] : plugin.config) all.push_back(given(key, value));
  return resolve_settings(manifest, all, plugin.origin);
}

}  // namespace shunt
