/// check: whether a host would run a plugin's file, what in it may block, and what it leaves behind.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/check.hpp>
#include <shunt/host/drill.hpp>

#include <chrono>
#include <optional>

#include <fmt/ranges.h>

namespace shunt::tool {
namespace {

Json drill_json(const PluginDrill& drill) {
  Json json{{"passed", !drill.finding.has_value()}, {"drills", drill.drills}};
  if (drill.finding) json["finding"] = {{"code", name(drill.finding->code)}, {"message", drill.finding->message}};
  return json;
}

Json check_json(const PluginCheck& check, const std::optional<PluginDrill>& drill, const std::string& path) {
  Json libraries = Json::array();
  for (const CheckedLibrary& each : check.libraries)
    libraries.push_back(
        {{"library", each.name}, {"origin", each.origin}, {"path", each.path}, {"sha256", each.sha256}});
  Json blocking = Json::array();
  for (const BlockingCall& each : check.blocking)
    blocking.push_back({{"object", each.object}, {"function", each.function}});
  Json json{
      {"file", path},           {"accepted", !check.refusal.has_value()},
      {"plugin", check.plugin}, {"version", check.version},
      {"sha256", check.sha256}, {"tool_chain", check.tool_chain.empty() ? Json(nullptr) : Json(check.tool_chain)}};
  if (check.refusal) json["refusal"] = {{"code", name(check.refusal->code)}, {"message", check.refusal->message}};
  else json.update(Json{{"trust", name(check.trust)}, {"signer", check.signer}});
  json.update(Json{{"libraries", libraries}, {"blocking", blocking}});
  json["drill"] = drill ? drill_json(*drill) : Json(nullptr);
  return json;
}

void print_check(const PluginCheck& check, const std::optional<PluginDrill>& drill, const Options& options) {
  if (!check.refusal) {
    const auto signer = check.signer.empty() ? std::string() : fmt::format(" by \"{}\"", check.signer);
    print_line(printable(fmt::format("{}: {} {} would run: {}{}", options.name, check.plugin, check.version,
                                     name(check.trust), signer)));
  }
  if (!check.tool_chain.empty()) print_line("  tool chain " + check.tool_chain);
  for (const CheckedLibrary& each : check.libraries)
    print_line(
        printable(fmt::format("  needs {}, {}: {}", each.name,
                              each.origin == "system" ? "from the system" : "as its manifest lists it", each.path)));
  for (const BlockingCall& each : check.blocking)
    print_line(printable(fmt::format("  {} calls {}, which may keep a handler waiting",
                                     each.object.empty() ? "it" : each.object, each.function)));
  if (drill && drill->finding) print_line(printable("  drill: " + to_string(*drill->finding)));
  else if (drill) print_line(fmt::format("  drill: {}: nothing is left behind", fmt::join(drill->drills, "; ")));
}

/// The --config of the command line, or the file that hosts are usually described in.
std::filesystem::path host_toml(const Options& options) {
  return options.host.config.empty() ? std::filesystem::path("host.toml") : options.host.config;
}

/// Of "validate.window=7", which the command line has let pass.
std::vector<FailingSetting> failing_settings(const std::vector<std::string>& texts) {
  std::vector<FailingSetting> settings;
  for (const std::string& each : texts) {
    const auto dot = each.find('.'), equals = each.find('=');
    settings.push_back({each.substr(0, dot), each.substr(dot + 1, equals - dot - 1), each.substr(equals + 1)});
  }
  return settings;
}

}  // namespace

Result<int> check_file(const Options& options) {
  auto configuration = read_configuration(host_toml(options));
  if (!configuration && options.host.config.empty())
    return error(configuration.error().code, "{}; name another file with --config", configuration.error().message);
  if (!configuration) return tl::make_unexpected(configuration.error());
  const auto now = std::chrono::system_clock::now();
  const auto check = check_plugin(*configuration, options.name, now);
  std::optional<PluginDrill> drill;
  if (!check.refusal && !options.no_drill) {
    auto drilled = drill_plugin(*configuration, options.name, now, failing_settings(options.failing));
    if (!drilled && drilled.error().code == ErrorCode::BadInput)
      return print_error(drilled.error(), options.json), kMisused;
    if (!drilled) return tl::make_unexpected(drilled.error());
    drill = std::move(*drilled);
  }
  if (options.json) print_line(to_line(check_json(check, drill, options.name)));
  else print_check(check, drill, options);
  if (check.refusal) return tl::make_unexpected(*check.refusal);
  if (drill && drill->finding) return kExitDrill;
  if (options.strict && !check.blocking.empty())
    return error(ErrorCode::BadInput, "{}: {} of its calls may block, and --strict allows none", options.name,
                 check.blocking.size());
  return 0;
}

}  // namespace shunt::tool
