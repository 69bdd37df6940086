#pragma once
/// Making keys, signing plugins and verifying signatures: what `shunt keygen`, `sign` and `verify` do.
///
///     SHUNT_TRY(key, make_key("keys/release", {}));                // keys/release.key and keys/release.pub
///     SHUNT_TRY(made, sign_plugin("libmomentum.so", "keys/release.key"));
///     const std::array<std::filesystem::path, 1> keys{"keys/release.pub"};
///     SHUNT_TRY(held, verify_plugin("libmomentum.so", keys, std::chrono::system_clock::now()));
///
/// All of it reads files and blocks for that. docs/trust.md describes the files.

#include <shunt/schemas/result.hpp>
#include <shunt/schemas/version.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shunt {

/// The half of a key that may be known.
struct PublicKey {
  std::string name;                                ///< For people; a letter, then letters, digits, '_' and '-'.
  std::string key;                                 ///< 64 hex digits, lower case.
  std::optional<std::chrono::sys_days> not_after;  ///< The last day on which it is accepted, in UTC; none: no end.

  [[nodiscard]] bool is_expired(std::chrono::system_clock::time_point now) const {
    return not_after && now >= *not_after + std::chrono::days(1);
  }
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// A plugin's file and the key that vouches for it.
struct SignedPlugin {
  std::filesystem::path signature;  ///< The file: the plugin's name and ".sig".
  std::string plugin;
  Version version;
  std::string sha256;  ///< Of the shared object, lower-case hex.
  std::string key;     ///< Its public half.
  std::string signer;  ///< The key's name.
};

/// Makes `stem`.key with mode 0600 and `stem`.pub; the key is called as the last part of `stem`. `not_after` is a day
/// such as "2027-12-31", or empty. Errors: BadInput, System (also when one of the files is there already).
[[nodiscard]] Result<PublicKey> make_key(const std::filesystem::path& stem, std::string_view not_after);

/// Errors: System, BadInput.
[[nodiscard]] Result<PublicKey> read_public_key(const std::filesystem::path& path);

/// Signs bytes and manifest of a plugin, and writes the signature beside it, in the place of an earlier one.
/// Errors: those of inspect_plugin; System, NotTrusted (others can read the private key), BadInput (it is none).
[[nodiscard]] Result<SignedPlugin> sign_plugin(const std::filesystem::path& plugin,
                                               const std::filesystem::path& private_key);

/// Whether one of these keys has signed what the plugin's file holds now, and is not expired.
/// Errors: those of inspect_plugin and read_public_key; NotTrusted, with the reason.
[[nodiscard]] Result<SignedPlugin> verify_plugin(const std::filesystem::path& plugin,
                                                 std::span<const std::filesystem::path> public_keys,
                                                 std::chrono::system_clock::time_point now);

}  // namespace shunt
