#pragma once
/// What a plugin's file says of itself, read without running a line of it.
///
///     auto file = shunt::inspect_plugin("plugins/libmomentum.so");
///     print(file->manifest.name, to_string(file->version), file->sha256);

#include <shunt/schemas/manifest.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace shunt {

struct PluginFile {
  Manifest manifest;
  Version version;                  ///< The manifest's, with the build hash.
  std::string sha256;               ///< Of the whole file, lower-case hex: what host.toml lists.
  std::vector<std::string> needed;  ///< Libraries it wants (DT_NEEDED).
};

/// Blocks for reading and hashing the file. Whether a host would trust it is not asked.
/// Errors, each naming the file: System, TooLarge, NotAPlugin, WrongArchitecture, BadManifest.
[[nodiscard]] Result<PluginFile> inspect_plugin(const std::filesystem::path& path);

}  // namespace shunt
