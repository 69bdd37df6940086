#pragma once
/// What a plugin's file says of itself, read without running a line of it.
///
///     auto file = shunt::inspect_plugin("plugins/libmomentum.so");
///     print(file->manifest.name, to_string(file->version), file->sha256);

#include <shunt/schemas/manifest.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shunt {

/// What the signature beside a plugin is, whoever made it: whether a host accepts its key is asked by check_plugin().
struct SignatureState {
  enum class Kind : std::uint8_t {
    None,    ///< There is no signature.
    Holds,   ///< Some key has signed these bytes and this manifest.
    Broken,  ///< What is there is no signature, or one for something else.
  };
  Kind kind = Kind::None;
  std::string key;  ///< 64 hex digits: the public key that it names.
  std::string why;  ///< When broken.
};

struct PluginFile {
  Manifest manifest;
  Version version;                    ///< The manifest's, with the build hash.
  std::string sha256;                 ///< Of the whole file, lower-case hex: what host.toml lists.
  std::vector<std::string> needed;    ///< Libraries it wants (DT_NEEDED).
  std::vector<std::string> searches;  ///< What would make the loader look for files by itself; a host refuses that.
  SignatureState signature;
};

/// Blocks for reading and hashing the file. Whether a host would trust it is not asked.
/// Errors, each naming the file: System, TooLarge, NotAPlugin, WrongArchitecture, BadManifest.
[[nodiscard]] Result<PluginFile> inspect_plugin(const std::filesystem::path& path);

}  // namespace shunt
