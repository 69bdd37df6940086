#include "settings.hpp"

#include <variant>

namespace shunt {
namespace {

GivenSetting given(const std::string& key, const ConfigValue& value) {
  constexpr ConfigType kTypes[] = {ConfigType::Int, ConfigType::Float, ConfigType::Bool, ConfigType::String};
  auto text = std::visit([](const auto& content) { return fmt::format("{}", content); }, value.value);
  return {key, kTypes[value.value.index()], std::move(text), value.origin};
}

/// "host.toml:12:24: " or nothing.
std::string at(const std::string& origin) { return origin.empty() ? std::string() : origin + ": "; }

}  // namespace

Result<std::vector<Setting>> resolve_settings(const Manifest& manifest, const PluginConfiguration& plugin) {
  std::vector<GivenSetting> all;
  all.reserve(plugin.config.size());
  for (const auto& [key, value] : plugin.config) all.push_back(given(key, value));
  return resolve_settings(manifest, all, plugin.origin);
}

Result<Serving> resolve_serving(const Manifest& manifest, const PluginConfiguration& plugin) {
  const Serving serving{plugin.workers.value_or(manifest.workers),
                        plugin.in_flight_max.value_or(manifest.in_flight_max)};
  if (serving.workers > 1 && manifest.workers == 1)
    return error(
        ErrorCode::BadConfiguration,
        "{}plugin {} cannot have {} workers: its handlers run one at a time, unless [serving] of its plugin.toml "
        "has workers above 1",
        at(plugin.origin), manifest.name, serving.workers);
  // One thread runs handlers, and one listens to the host, in any case.
  if (serving.workers + 1 > plugin.sandbox.threads)
    return error(
        ErrorCode::BadConfiguration,
        "{}plugin {} has {} workers, and sandbox.threads is {}: at least {} are meant, and one for each thread "
        "that it starts",
        at(plugin.origin), manifest.name, serving.workers, plugin.sandbox.threads, serving.workers + 1);
  if (!manifest.state.empty() && plugin.instances > 1)
    return error(ErrorCode::BadConfiguration,
                 "{}plugin {} has [state] and {} instances: each would go on with a state of its own; leave it at one",
                 at(plugin.origin), manifest.name, plugin.instances);
  return serving;
}

}  // namespace shunt
