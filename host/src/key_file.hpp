#pragma once
/// Keys that sign plugins, and the files they are kept in.
///
///     SHUNT_TRY(key, PrivateKey::read("release.key"));        // only when nobody else can read it
///     SHUNT_TRY(trusted, read_public_key("release.pub"));     // what a host lists in [trust]

#include <shunt/host/signing.hpp>
#include <shunt/schemas/result.hpp>

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace shunt {

/// An ed25519 key that signs. Its bytes are wiped when it goes.
class PrivateKey {
 public:
  static constexpr std::size_t kSeedBytes = 32;
  static constexpr std::size_t kSecretBytes = 64;
  static constexpr std::size_t kSignatureBytes = 64;

  /// A new one. Errors: System.
  static Result<PrivateKey> make(std::string name);
  /// Errors: System, NotTrusted (others can read the file, or it belongs to somebody else), BadInput (no private key).
  static Result<PrivateKey> read(const std::filesystem::path& path);

  PrivateKey(PrivateKey&& other) noexcept;
  PrivateKey& operator=(PrivateKey&&) = delete;
  ~PrivateKey();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& public_hex() const { return public_hex_; }
  [[nodiscard]] std::array<unsigned char, kSignatureBytes> sign(std::string_view statement) const;
  /// Makes a file of mode 0600. Errors: System (also when there is one: a key is never overwritten).
  [[nodiscard]] Status write(const std::filesystem::path& path) const;

 private:
  PrivateKey(std::string name, std::span<const unsigned char, kSeedBytes> seed);

  std::string name_;
  std::string public_hex_;
  std::array<unsigned char, kSecretBytes> secret_{};
};

/// Makes a public key's file. Errors: System (also when there is one).
[[nodiscard]] Status write_public_key(const PublicKey& key, const std::filesystem::path& path);

}  // namespace shunt
