#include "blocking_calls.hpp"
#include "digest.hpp"
#include "plugin_entry.hpp"
#include "plugin_image.hpp"
#include "settings.hpp"

#include <shunt/host/check.hpp>

#include <algorithm>

namespace shunt {

const PluginConfiguration* entry_of(const HostConfiguration& configuration, const std::filesystem::path& plugin,
                                    const std::string& sha256) {
  const auto is_same_file = [&](const PluginConfiguration& each) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(each.path, ignored);
    const auto file = is_folder ? std::filesystem::absolute(plugin, ignored).parent_path() : plugin;
    return std::filesystem::equivalent(each.path, file, ignored);
  };
  const auto has_same_bytes = [&](const PluginConfiguration& each) {
    return each.sha256 && lower_case(*each.sha256) == sha256;
  };
  auto entry = std::ranges::find_if(configuration.plugins, is_same_file);
  if (entry == configuration.plugins.end()) entry = std::ranges::find_if(configuration.plugins, has_same_bytes);
  return entry == configuration.plugins.end() ? nullptr : &*entry;
}

namespace {

void note_blocking(const std::string& object, const std::vector<std::string>& undefined,
                   std::vector<BlockingCall>& blocking) {
  for (const std::string& function : blocking_calls(undefined)) blocking.push_back({object, function});
}

Status check(const HostConfiguration& configuration, const std::filesystem::path& plugin,
             std::chrono::system_clock::time_point now, PluginCheck& result) {
  SHUNT_TRY(reading, read_plugin(plugin));
  result.plugin = reading.image.manifest.name;
  result.version = to_string(reading.image.version);
  result.sha256 = reading.image.sha256;
  if (const auto& tool_chain = reading.image.manifest.tool_chain) result.tool_chain = to_string(*tool_chain);
  note_blocking("", reading.image.dynamic.undefined, result.blocking);

  const PluginConfiguration* const entry = entry_of(configuration, plugin, result.sha256);
  SHUNT_TRY(policy, read_trust_policy(configuration.trust, now));
  SHUNT_TRY(image,
            load_plugin_image({.path = plugin, .sha256 = entry == nullptr ? std::nullopt : entry->sha256}, policy));
  result.trust = image.verdict.trust;
  result.signer = image.verdict.signer;
  for (const SealedLibrary& each : image.libraries) {
    result.libraries.push_back({each.name, std::string(name(each.origin)), each.path, each.sha256});
    if (each.origin == LibraryOrigin::Manifest) note_blocking(each.name, each.undefined, result.blocking);
  }
  const PluginConfiguration configured = entry == nullptr ? PluginConfiguration{} : *entry;
  SHUNT_TRY(settings, resolve_settings(image.manifest, configured));
  SHUNT_CHECK(resolve_serving(image.manifest, configured));
  return {};
}

}  // namespace

PluginCheck check_plugin(const HostConfiguration& configuration, const std::filesystem::path& plugin,
                         std::chrono::system_clock::time_point now) {
  PluginCheck result;
  if (const auto checked = check(configuration, plugin, now, result); !checked) result.refusal = checked.error();
  return result;
}

}  // namespace shunt
