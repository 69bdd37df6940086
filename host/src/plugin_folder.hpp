#pragma once
/// The files of a folder of plugins: `*.so` in it, hidden ones left out, and not what is in folders within.

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace shunt::host {

inline constexpr std::string_view kPluginSuffix = ".so";
inline constexpr std::string_view kPluginSignatureSuffix = ".so.sig";

/// Their names, sorted; blocks for the file system. Errors: System.
[[nodiscard]] Result<std::vector<std::string>> plugin_files(const std::filesystem::path& folder);

}  // namespace shunt::host
