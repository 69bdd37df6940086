#include "signature.hpp"

#include "digest.hpp"
#include "small_file.hpp"
#include "text_record.hpp"

#include <algorithm>

#include <sodium.h>

namespace shunt {
namespace {

constexpr std::size_t kSignatureFileBytesMax = 4096;
constexpr std::string_view kTitle = "shunt plugin signature 1";
constexpr std::array kFields = {RecordField{"key"}, RecordField{"sha256"}, RecordField{"manifest"},
                                RecordField{"signature"}};

std::string statement(const Signature& signature) {
  return fmt::format("{}\nkey {}\nsha256 {}\nmanifest {}\n", kTitle, signature.key, signature.sha256,
                     signature.manifest);
}

}  // namespace

bool Signature::holds() const {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open;
  std::array<unsigned char, crypto_sign_BYTES> bytes;
  if (::sodium_init() < 0 || !from_hex(key, open) || !from_hex(signature, bytes)) return false;
  const std::string signed_text = statement(*this);
  return ::crypto_sign_verify_detached(bytes.data(), reinterpret_cast<const unsigned char*>(signed_text.data()),
                                       signed_text.size(), open.data()) == 0;
}

std::filesystem::path signature_path(const std::filesystem::path& plugin) { return plugin.native() + ".sig"; }

Signature sign(const PrivateKey& key, std::string sha256, std::string manifest) {
  Signature signature{key.public_hex(), std::move(sha256), std::move(manifest), {}};
  signature.signature = to_hex(key.sign(statement(signature)));
  return signature;
}

std::string to_text(const Signature& signature) {
  return fmt::format("{}signature {}\n", statement(signature), signature.signature);
}

Result<std::optional<Signature>> read_signature(const std::filesystem::path& path) {
  SHUNT_TRY(file, read_small_file(path, kSignatureFileBytesMax));
  if (!file) return std::nullopt;
  const auto values = read_record(file->text, kTitle, kFields);
  if (!values)
    return error(ErrorCode::BadInput, "{} is no signature: {}; sign the plugin again (shunt sign)", path.string(),
                 values.error().message);
  Signature signature{(*values)[0], (*values)[1], (*values)[2], (*values)[3]};
  // Only the spelling that was signed is one: everything in lower case.
  const auto is_lower_sum = [](const std::string& text) { return is_sum(text) && text == lower_case(text); };
  std::array<unsigned char, crypto_sign_BYTES> bytes;
  if (!is_lower_sum(signature.key) || !is_lower_sum(signature.sha256) || !is_lower_sum(signature.manifest) ||
      !from_hex(signature.signature, bytes))
    return error(ErrorCode::BadInput, "{} is no signature: a line of it is cut short or garbled; sign the plugin again",
                 path.string());
  return signature;
}

}  // namespace shunt
