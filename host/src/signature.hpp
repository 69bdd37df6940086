#pragma once
/// What a key says of a plugin, in a small file beside it: `libmomentum.so.sig`.
///
///     shunt plugin signature 1
///     key 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29
///     sha256 8a3f1c2e...                                    of the whole shared object
///     manifest 77e05a11...                                  sha256 of the description of Shunt's note in it
///     signature 92a009a9...                                 ed25519, of the lines above, byte for byte
///
/// The title stands in what is signed: a signature made for anything else is none of a plugin. The manifest is within
/// the bytes, and signed by itself as well: host and signer agree on which note they have read.

#include "key_file.hpp"

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace shunt {

/// As the file says it, in lower-case hex; whether it holds is asked separately.
struct Signature {
  std::string key;
  std::string sha256;
  std::string manifest;
  std::string signature;

  /// Whether the key has signed these two sums.
  [[nodiscard]] bool holds() const;
};

/// Where the signature of a plugin's file is.
[[nodiscard]] std::filesystem::path signature_path(const std::filesystem::path& plugin);

[[nodiscard]] Signature sign(const PrivateKey& key, std::string sha256, std::string manifest);

[[nodiscard]] std::string to_text(const Signature& signature);

/// None: the file is not there, or `path` is empty. Errors: System, TooLarge, BadInput (no signature, or one that is
/// cut short).
Result<std::optional<Signature>> read_signature(const std::filesystem::path& path);

}  // namespace shunt
