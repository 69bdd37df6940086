#pragma once
/// A plugin's file, read, checked and sealed before a line of it runs.
///
///     SHUNT_TRY(image, load_plugin_image(plugin.path, {.sha256 = plugin.sha256}));
///     launch(image.descriptor);                // the bytes that were checked are the bytes that run
///     print(to_string(image.version));         // 1.4.0+8a3f1c2e+abi-v3

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/manifest.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

/// What makes a plugin's bytes acceptable.
struct TrustPolicy {
  std::optional<std::string> sha256{};  ///< 64 hex digits: these bytes and no others.
  bool allow_unsigned = false;          ///< Without a sha256: any bytes.
};

/// Why a plugin was accepted; payloads of a listed one may be read in place.
enum class Trust : std::uint8_t { Listed, Unsigned };

struct PluginImage {
  std::filesystem::path path;  ///< Where it was read from, for messages: by now that may be another file.
  bus::UniqueFd descriptor;    ///< A memfd with its bytes, sealed against every change.
  std::string sha256;          ///< Of those bytes, lower-case hex.
  Trust trust = Trust::Unsigned;
  Manifest manifest;
  Version version;                  ///< The manifest's with the build hash: the identity.
  std::vector<std::string> needed;  ///< Libraries it wants, as written in it (DT_NEEDED).
};

/// Reads `path` once; blocks for the copy and for hashing it (about 6 ms per MB): never on a thread that serves.
/// Errors, each naming the file: System (not readable), TooLarge (file or manifest), NotAPlugin (not a shared object,
/// or without Shunt's note), WrongArchitecture, NotTrusted (with the sha256 to list), BadManifest (rebuild it). Nothing
/// beyond the ELF header is looked at before the bytes are trusted.
Result<PluginImage> load_plugin_image(const std::filesystem::path& path, const TrustPolicy& policy);

}  // namespace shunt
