#include "drill_process.hpp"
#include "launcher_path.hpp"
#include "plugin_entry.hpp"
#include "plugin_image.hpp"
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace shunt {
namespace {

using Phases =
    std::array<std::vector<std::string>, 4>;  ///< Settings with which all succeed, and with which each fails.
constexpr std::array<std::string_view, 4> kPhases{"good", "init", "validate", "activate"};

/// `text` as the manifest's type of the key; what is not of it is left as text, which is then refused as that.
ConfigValue value_of(const ConfigKey& key, const std::string& text) {
  const auto number = [&](auto value) -> std::optional<decltype(value)> {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return {};
    return value;
  };
  if (key.type == ConfigType::Int)
    if (const auto value = number(std::int64_t{})) return {*value};
  if (key.type == ConfigType::Float)
    if (const auto value = number(double{})) return {*value};
  if (key.type == ConfigType::Bool && (text == "true" || text == "false")) return {text == "true"};
  return {text};
}

Result<Phases> settings_of(const Manifest& manifest, const PluginConfiguration& plugin,
                           const std::vector<FailingSetting>& failing) {
  Phases phases;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    PluginConfiguration with = plugin;
    for (const FailingSetting& each : failing) {
      if (each.phase != kPhases[i]) continue;
      const auto key = std::ranges::find(manifest.config, each.key, &ConfigKey::name);
      ConfigValue value = key == manifest.config.end() ? ConfigValue{each.value} : value_of(*key, each.value);
      value.origin = fmt::format("the failing setting {}.{}", each.phase, each.key);
      with.config[each.key] = std::move(value);
    }
    if (i > 0 && with.config == plugin.config) continue;
    const auto settings = resolve_settings(manifest, with);
    if (!settings && i > 0) return error(ErrorCode::BadInput, "{}", settings.error().message);
    if (!settings) return tl::make_unexpected(settings.error());
    for (const Setting& each : *settings) phases[i].push_back(each.key + "=" + each.value);
  }
  return phases;
}

Status check_phases(const std::vector<FailingSetting>& failing) {
  for (const FailingSetting& each : failing)
    if (each.phase == kPhases[0] || std::ranges::find(kPhases, each.phase) == kPhases.end())
      return error(ErrorCode::BadInput, "\"{}\" is no phase that can fail; init, validate or activate is meant",
                   each.phase);
  return {};
}

std::chrono::nanoseconds longest(const PhaseDeadlines& deadlines) {
  return std::max({deadlines.load, deadlines.init, deadlines.validate, deadlines.activate, deadlines.cleanup});
}

}  // namespace

Result<PluginDrill> drill_plugin(const HostConfiguration& configuration, const std::filesystem::path& plugin,
                                 std::chrono::system_clock::time_point now,
                                 const std::vector<FailingSetting>& failing) {
  SHUNT_CHECK(check_phases(failing));
  SHUNT_TRY(reading, read_plugin(plugin));
  const PluginConfiguration* const entry = entry_of(configuration, plugin, reading.image.sha256);
  const PluginConfiguration settings_from = entry == nullptr ? PluginConfiguration{} : *entry;
  SHUNT_TRY(policy, read_trust_policy(configuration.trust, now));
  SHUNT_TRY(image, load_plugin_image({.path = plugin, .sha256 = settings_from.sha256}, policy));
  SHUNT_TRY(phases, settings_of(image.manifest, settings_from, failing));
  SHUNT_TRY(program, host::path_beside(configuration.launcher, "shunt-drill"));

  std::vector<int> descriptors{image.descriptor.get()};
  std::vector<std::string> arguments{fmt::format("--plugin={}", host::kDrillDescriptorFirst),
                                     "--name=" + image.manifest.name,
                                     "--its-version=" + to_string(image.manifest.version)};
  for (const SealedLibrary& each : image.libraries) {
    arguments.push_back(
        fmt::format("--library={}", host::kDrillDescriptorFirst + static_cast<int>(descriptors.size())));
    descriptors.push_back(each.descriptor.get());
  }
  for (std::size_t i = 0; i < phases.size(); ++i)
    for (const std::string& each : phases[i]) arguments.push_back(fmt::format("--{}={}", kPhases[i], each));
  // For a thread on its way out the drill itself waits a second.
  return host::run_drill(program, std::move(arguments), descriptors,
                         longest(settings_from.deadlines) + std::chrono::seconds{1});
}

}  // namespace shunt
