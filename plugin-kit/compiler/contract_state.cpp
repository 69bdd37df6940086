#include "contract_state.hpp"

#include "names.hpp"

#include <string_view>

#include <fmt/format.h>

namespace shunt::manifest_compiler {
namespace {

std::string type(const State& state) { return "::" + cpp_type(state.type); }

}  // namespace

std::string state_handlers(const Declaration& declaration) {
  std::string text;
  for (const auto& state : declaration.state)
    text += fmt::format(
        "  /// What it knows, as state {0}, for a version that takes over: write it to `snapshot`. On the serving\n"
        "  /// thread; nothing else of the plugin runs meanwhile, nor after it unless the hand-over fails.\n"
        "  virtual shunt::Status snapshot(shunt::kit::Snapshot<{1}>& snapshot) = 0;\n"
        "  /// State {0} of the version before takes the place of all that this one knows. After activate, and before\n"
        "  /// any message. An error leaves the version before serving, and ends this one.\n"
        "  virtual shunt::Status restore(const {1}& state) = 0;\n",
        state.version, type(state));
  return text;
}

std::string state_dispatch(const Declaration& declaration) {
  if (declaration.state.empty()) return "";
  std::string snapshots, restores;
  for (const auto& state : declaration.state) {
    snapshots += fmt::format(
        "      case {0}:\n"
        "        return shunt::kit::take_snapshot<{1}>(kName, version, to,\n"
        "            [this](auto& asked) {{ return snapshot(asked); }});\n",
        state.version, type(state));
    restores += fmt::format(
        "      case {0}:\n"
        "        return shunt::kit::restore_state<{1}>(kName, version, state,\n"
        "            [this](const {1}& verified) {{ return restore(verified); }});\n",
        state.version, type(state));
  }
  const std::string_view none =
      "      default: return tl::make_unexpected(shunt::kit::no_such_state(kName, version));\n";
  return fmt::format(
      "  shunt::Status shunt_snapshot(std::uint32_t version, const shunt::kit::StateSink& to) final {{\n"
      "    switch (version) {{\n{0}{2}    }}\n  }}\n"
      "  shunt::Status shunt_restore(std::uint32_t version, std::span<const std::uint8_t> state) final {{\n"
      "    switch (version) {{\n{1}{2}    }}\n  }}\n",
      snapshots, restores, none);
}

}  // namespace shunt::manifest_compiler
