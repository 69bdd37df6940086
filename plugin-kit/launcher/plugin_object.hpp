#pragma once
/// Loading the plugin's shared object from sealed memory, and what it must export.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/plugin-kit/runtime/runtime.hpp>

namespace shunt::launcher {

/// Which of the optional handlers the plugin's contract calls for.
struct Interface {
  bool functions = false;
  bool topics_in = false;
};

/// Runs the object's constructors. Consumes the descriptor. Errors: NotTrusted (memory that can still change),
/// NotAPlugin, LayoutMismatch (another C ABI).
[[nodiscard]] Result<kit::LoadedPlugin> load_plugin(bus::UniqueFd object, const Interface& needed);

}  // namespace shunt::launcher
