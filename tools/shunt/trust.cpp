/// keygen, sign and verify: who vouches for a plugin's file.

#include "commands.hpp"
#include "table.hpp"

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

}  // namespace shunt::tool
