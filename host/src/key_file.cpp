#include "key_file.hpp"

#include "dates.hpp"
#include "digest.hpp"
#include "small_file.hpp"
#include "text_record.hpp"

#include <shunt/schemas/names.hpp>

#include <utility>

#include <sodium.h>
#include <unistd.h>

namespace shunt {
namespace {

constexpr std::size_t kKeyFileBytesMax = 4096;
constexpr std::string_view kPrivateTitle = "shunt private key 1";
constexpr std::string_view kPublicTitle = "shunt public key 1";
constexpr std::array kPrivateFields = {RecordField{"name"}, RecordField{"seed"}};
constexpr std::array kPublicFields = {RecordField{"name"}, RecordField{"key"}, RecordField{"not_after", false}};

Status begin_sodium() {
  if (::sodium_init() < 0)
    return error(ErrorCode::System, "libsodium cannot be used: this machine gives no randomness");
  return {};
}

/// A text that held a secret.
class Wiped {
 public:
  explicit Wiped(std::string& text) : text_(text) {}
  ~Wiped() { ::sodium_memzero(text_.data(), text_.size()); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  std::string& text_;
};

Result<SmallFile> read_key_file(const std::filesystem::path& path) {
  SHUNT_TRY(file, read_small_file(path, kKeyFileBytesMax));
  if (!file) return error(ErrorCode::System, "{}: there is no such key; `shunt keygen` makes one", path.string());
  return std::move(*file);
}

/// A key that others can read has signed whatever they liked by now.
Status check_private(const SmallFile& file, const std::filesystem::path& path) {
  if (file.status.st_uid != ::geteuid())
    return error(ErrorCode::NotTrusted, "the private key {} belongs to user {}, you are user {}: sign as that user",
                 path.string(), file.status.st_uid, ::geteuid());
  if ((file.status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return error(ErrorCode::NotTrusted,
                 "the private key {} has mode {:04o}, so that others can read it: make a new one, or, if nobody did, "
                 "chmod 600 it",
                 path.string(), file.status.st_mode & 07777u);
  return {};
}

tl::unexpected<Error> not_a_key(const std::filesystem::path& path, std::string_view kind, std::string_view why) {
  return error(ErrorCode::BadInput, "{} is no {} key: {}; `shunt keygen` makes one", path.string(), kind, why);
}

}  // namespace

PrivateKey::PrivateKey(std::string name, std::span<const unsigned char, kSeedBytes> seed) : name_(std::move(name)) {
  static_assert(kSeedBytes == crypto_sign_SEEDBYTES && kSecretBytes == crypto_sign_SECRETKEYBYTES &&
                kSignatureBytes == crypto_sign_BYTES);
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open;
  ::crypto_sign_seed_keypair(open.data(), secret_.data(), seed.data());
  public_hex_ = to_hex(open);
}

PrivateKey::PrivateKey(PrivateKey&& other) noexcept
    : name_(std::move(other.name_)), public_hex_(std::move(other.public_hex_)), secret_(other.secret_) {
  ::sodium_memzero(other.secret_.data(), other.secret_.size());
}

PrivateKey::~PrivateKey() { ::sodium_memzero(secret_.data(), secret_.size()); }

Result<PrivateKey> PrivateKey::make(std::string name) {
  SHUNT_CHECK(begin_sodium());
  std::array<unsigned char, kSeedBytes> seed;
  ::randombytes_buf(seed.data(), seed.size());
  PrivateKey key(std::move(name), seed);
  ::sodium_memzero(seed.data(), seed.size());
  return key;
}

Result<PrivateKey> PrivateKey::read(const std::filesystem::path& path) {
  SHUNT_CHECK(begin_sodium());
  SHUNT_TRY(file, read_key_file(path));
  const Wiped file_wiped(file.text);
  auto values = read_record(file.text, kPrivateTitle, kPrivateFields);
  if (!values) return not_a_key(path, "private", values.error().message);
  const Wiped seed_wiped((*values)[1]);
  SHUNT_CHECK(check_private(file, path));
  std::array<unsigned char, kSeedBytes> seed;
  if (!is_name((*values)[0]) || !from_hex((*values)[1], seed))
    return not_a_key(path, "private", "its lines say nothing");
  PrivateKey key((*values)[0], seed);
  ::sodium_memzero(seed.data(), seed.size());
  return key;
}

std::array<unsigned char, PrivateKey::kSignatureBytes> PrivateKey::sign(std::string_view statement) const {
  std::array<unsigned char, kSignatureBytes> signature;
  ::crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(statement.data()),
                         statement.size(), secret_.data());
  return signature;
}

Status PrivateKey::write(const std::filesystem::path& path) const {
  std::array<unsigned char, kSeedBytes> seed;
  ::crypto_sign_ed25519_sk_to_seed(seed.data(), secret_.data());
  std::string digits = to_hex(seed);
  const Wiped digits_wiped(digits);
  std::string text = fmt::format("{}\nname {}\nseed {}\n", kPrivateTitle, name_, digits);
  const Wiped text_wiped(text);
  ::sodium_memzero(seed.data(), seed.size());
  return write_new_file(path, text, S_IRUSR | S_IWUSR);
}

Result<PublicKey> read_public_key(const std::filesystem::path& path) {
  SHUNT_TRY(file, read_key_file(path));
  const auto values = read_record(file.text, kPublicTitle, kPublicFields);
  if (!values) return not_a_key(path, "public", values.error().message);
  PublicKey key{(*values)[0], lower_case((*values)[1]), std::nullopt};
  if (!is_name(key.name)) return not_a_key(path, "public", "its name is not one");
  if (!is_sum(key.key)) return not_a_key(path, "public", "its key is not 64 hex digits");
  if ((*values)[2].empty()) return key;
  const auto day = parse_day((*values)[2]);
  if (!day) return not_a_key(path, "public", day.error().message);
  key.not_after = *day;
  return key;
}

Status write_public_key(const PublicKey& key, const std::filesystem::path& path) {
  constexpr mode_t kForEverybody = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  std::string text = fmt::format("{}\nname {}\nkey {}\n", kPublicTitle, key.name, key.key);
  if (key.not_after) text += fmt::format("not_after {}\n", to_string(*key.not_after));
  return write_new_file(path, text, kForEverybody);
}

}  // namespace shunt
