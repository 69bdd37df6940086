#include "plugin_image.hpp"

#include "elf_file.hpp"
#include "sealed_file.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <array>

#include <sodium.h>

namespace shunt {
namespace {

std::string sha256_of(std::span<const std::byte> bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return fmt::format("{:02x}", fmt::join(hash, ""));
}

bool is_same_hex(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

Result<Trust> judge(const std::string& sha256, const TrustPolicy& policy) {
  if (policy.sha256 && is_same_hex(*policy.sha256, sha256)) return Trust::Listed;
  if (policy.sha256)
    return error(ErrorCode::NotTrusted,
                 "its sha256 is {}, listed is {}; if the new bytes are meant, list sha256 = \"{}\"", sha256,
                 *policy.sha256, sha256);
  if (policy.allow_unsigned) return Trust::Unsigned;
  return error(ErrorCode::NotTrusted,
               "nothing says that it may run; list sha256 = \"{}\" in its [[plugin]], or set allow_unsigned = true in "
               "[host] on a machine for development",
               sha256);
}

Result<PluginImage> read_image(const std::filesystem::path& path, const SealedFile& file, const TrustPolicy& policy) {
  SHUNT_CHECK(check_elf_header(file.bytes()));
  auto sha256 = sha256_of(file.bytes());
  SHUNT_TRY(trust, judge(sha256, policy));
  SHUNT_TRY(elf, read_elf(file.bytes()));
  SHUNT_TRY(manifest, parse_manifest(elf.manifest));
  auto version = manifest.version;
  version.build = elf.build;
  return PluginImage{
      path, {}, std::move(sha256), trust, std::move(manifest), std::move(version), std::move(elf.needed)};
}

}  // namespace

Result<PluginImage> load_plugin_image(const std::filesystem::path& path, const TrustPolicy& policy) {
  SHUNT_TRY(file, SealedFile::copy_of(path, kPluginBytesMax));
  auto image = read_image(path, file, policy);
  if (!image) return error(image.error().code, "{}: {}", path.string(), image.error().message);
  image->descriptor = std::move(file).release();
  return image;
}

}  // namespace shunt
