/// plugin.toml that says what cannot be: refused while the plugin is built.
#include "../kit-contract/compiling.hpp"
#include "mistakes.hpp"

namespace shunt::test {
namespace {

constexpr std::string_view kPlugin =
    "[plugin]\nname = \"momentum\"\nversion = \"1.4.0\"\nabi = 3\nschemas = [\"market.fbs\"]\n";

/// What the manifest compiler says of a good [plugin] and these lines.
auto with(std::string lines) {
  return [text = std::string(kPlugin) + std::move(lines)] { return Compiled(text).problems(); };
}

}  // namespace

Mistakes mistakes_in_a_manifest() {
  return {
      {"A key in plugin.toml that there is none of", with("[functions.signal]\nreplies = \"market.Signal\"\n"
                                                          "request = \"market.Bar\"\nreply = \"market.Signal\"\n")},
      {"A type that no schema has", with("[topics.in]\n\"market.bars\" = \"market.Bars\"\n")},
      {"A config key without a default that nobody has to give", with("[config]\nwindow = { type = \"int\" }\n")},
      {"A default that is out of range", with("[config]\nwindow = { type = \"int\", min = 2, default = 1 }\n")},
      {"A name that C++ cannot have", with("[functions.new]\nrequest = \"market.Bar\"\nreply = \"market.Signal\"\n")},
      {"Two names that are one in C++", with("[config]\nrisk-limit = { type = \"int\", default = 1 }\n"
                                             "risk_limit = { type = \"int\", default = 1 }\n")},
  };
}

}  // namespace shunt::test
