#pragma once
/// A plugin's file, read, checked and sealed before a line of it runs, with the libraries that it needs.
///
///     SHUNT_TRY(policy, read_trust_policy(configuration.trust, now));
///     SHUNT_TRY(image, load_plugin_image({.path = plugin.path, .sha256 = plugin.sha256}, policy));
///     launch(image.descriptor);                // the bytes that were checked are the bytes that run
///     print(to_string(image.version));         // 1.4.0+8a3f1c2e+abi-v3

#include "libraries.hpp"
#include "trust_policy.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/manifest.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

/// Where a plugin and what belongs to it are read from.
struct PluginSource {
  std::filesystem::path path;
  std::optional<std::filesystem::path> signature{};  ///< None: as signature_path() says; empty: it has none.
  std::optional<std::filesystem::path> folder{};     ///< Of the libraries that its manifest lists; none: its own.
  std::optional<std::string> sha256{};               ///< 64 hex digits: these bytes and no others.
};

struct PluginImage {
  std::filesystem::path path;  ///< Where it was read from, for messages: by now that may be another file.
  bus::UniqueFd descriptor;    ///< A memfd with its bytes, sealed against every change.
  std::string sha256;          ///< Of those bytes, lower-case hex.
  Verdict verdict;
  Manifest manifest;
  Version version;                         ///< The manifest's with the build hash: the identity.
  ElfDynamic dynamic;                      ///< What it asks of the loader.
  std::vector<SealedLibrary> libraries{};  ///< In the order in which they are loaded, before it.
  bool executable_stack = false;           ///< It asks for one, or leaves it open.
};

/// Reads the plugin's file once; blocks for the copy and for hashing it (about 6 ms per MB): never on a thread that
/// serves. Errors, each naming the file: System (not readable), TooLarge (file or manifest), NotAPlugin (not a shared
/// object, or without Shunt's note), WrongArchitecture, NotTrusted (it, or a library), BadManifest (rebuild it).
/// Nothing beyond the ELF header is looked at before the bytes are trusted.
Result<PluginImage> load_plugin_image(const PluginSource& source, const TrustPolicy& policy);

/// A file as it is, whoever vouches for it, and its signature, whatever that is worth.
struct PluginReading {
  PluginImage image;
  std::string manifest_sha256;                   ///< Of the note's description, as it is signed.
  Result<std::optional<Signature>> signature{};  ///< As for Evidence.
};

/// Reads a plugin's file without judging it and without its libraries. Errors: those of load_plugin_image but
/// NotTrusted.
Result<PluginReading> read_plugin(const std::filesystem::path& path);

}  // namespace shunt
