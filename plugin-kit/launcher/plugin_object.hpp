#pragma once
/// Loading the plugin's shared object from sealed memory, and what it must export.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/plugin-kit/runtime/descriptor_check.hpp>
#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <string>
#include <vector>

namespace shunt::launcher {

/// What is loaded: the libraries in an order in which each finds those it needs, then the plugin.
struct SealedObjects {
  std::vector<bus::UniqueFd> libraries;
  std::vector<std::string> names;  ///< Of the libraries, for messages.
  bus::UniqueFd plugin;
};

/// Runs the objects' constructors, and closes the descriptors. Opens nothing else: what an object needs has been loaded
/// before it. Errors: NotTrusted (memory that can still change), NotAPlugin, LayoutMismatch (another C ABI).
[[nodiscard]] Result<kit::LoadedPlugin> load_plugin(SealedObjects objects, const kit::Interface& needed);

}  // namespace shunt::launcher
