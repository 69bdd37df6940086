/// keygen, sign, verify and check: who vouches for a plugin's file, and whether a host would run it.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/check.hpp>
#include <shunt/host/signing.hpp>

#include <chrono>

namespace shunt::tool {
namespace {

Json signed_json(const SignedPlugin& plugin) {
  return {{"plugin", plugin.plugin}, {"version", to_string(plugin.version)},
          {"sha256", plugin.sha256}, {"key", plugin.key},
          {"signer", plugin.signer}, {"signature", plugin.signature.string()}};
}

Status tell_signed(const SignedPlugin& plugin, const Options& options, std::string_view what) {
  if (options.json) print_line(to_line(signed_json(plugin)));
  else
    print_line(printable(fmt::format("{}: {} {} {} \"{}\"", options.name, plugin.plugin, to_string(plugin.version),
                                     what, plugin.signer)));
  return {};
}

Json check_json(const PluginCheck& check, const std::string& path) {
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
  return json;
}

void print_check(const PluginCheck& check, const Options& options) {
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
}

/// The --config of the command line, or the file that hosts are usually described in.
std::filesystem::path host_toml(const Options& options) {
  return options.host.config.empty() ? std::filesystem::path("host.toml") : options.host.config;
}

}  // namespace

Status make_keys(const Options& options) {
  SHUNT_TRY(key, make_key(options.name, options.not_after));
  const std::string private_path = options.name + ".key", public_path = options.name + ".pub";
  if (options.json) {
    print_line(to_line({{"name", key.name},
                        {"key", key.key},
                        {"private", private_path},
                        {"public", public_path},
                        {"not_after", options.not_after}}));
    return {};
  }
  print_line(fmt::format("{}  signs: keep it where only you can read it", private_path));
  print_line(fmt::format("{}  verifies: name it in keys of [trust] of host.toml", public_path));
  return {};
}

Status sign_file(const Options& options) {
  SHUNT_TRY(made, sign_plugin(options.name, options.keys.front()));
  return tell_signed(made, options, "is signed now by");
}

Status verify_file(const Options& options) {
  SHUNT_TRY(held, verify_plugin(options.name, options.keys, std::chrono::system_clock::now()));
  return tell_signed(held, options, "is signed by");
}

Status check_file(const Options& options) {
  auto configuration = read_configuration(host_toml(options));
  if (!configuration && options.host.config.empty())
    return error(configuration.error().code, "{}; name another file with --config", configuration.error().message);
  if (!configuration) return tl::make_unexpected(configuration.error());
  const auto check = check_plugin(*configuration, options.name, std::chrono::system_clock::now());
  if (options.json) print_line(to_line(check_json(check, options.name)));
  else print_check(check, options);
  if (check.refusal) return tl::make_unexpected(*check.refusal);
  if (options.strict && !check.blocking.empty())
    return error(ErrorCode::BadInput, "{}: {} of its calls may block, and --strict allows none", options.name,
                 check.blocking.size());
  return {};
}

}  // namespace shunt::tool
