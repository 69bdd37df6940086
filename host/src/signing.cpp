#include "dates.hpp"
#include "key_file.hpp"
#include "plugin_image.hpp"
#include "small_file.hpp"

#include <shunt/host/signing.hpp>
#include <shunt/schemas/assert.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>

#include <unistd.h>

namespace shunt {
namespace {

std::filesystem::path with_ending(const std::filesystem::path& stem, std::string_view ending) {
  return stem.native() + std::string(ending);
}

SignedPlugin signed_by(const PluginImage& image, const Signature& signature, std::string signer) {
  return {signature_path(image.path), image.manifest.name, image.version, image.sha256, signature.key,
          std::move(signer)};
}

/// Of a key that has signed these bytes. Errors: NotTrusted.
Result<PublicKey> find_key(const PluginReading& reading, std::span<const std::filesystem::path> paths,
                           std::chrono::system_clock::time_point now) {
  TrustPolicy policy{.now = now};
  for (const auto& path : paths) {
    SHUNT_TRY(key, read_public_key(path));
    policy.keys.push_back(std::move(key));
  }
  if (reading.signature && !*reading.signature)
    return error(ErrorCode::NotTrusted, "it has no signature ({}); make one with `shunt sign`",
                 signature_path(reading.image.path).string());
  if (reading.signature &&
      std::ranges::find(policy.keys, (**reading.signature).key, &PublicKey::key) == policy.keys.end())
    return error(ErrorCode::NotTrusted, "it is signed with the key {}, which is none of those given",
                 (**reading.signature).key);
  SHUNT_TRY(verdict, judge({reading.image.sha256, std::nullopt, reading.signature}, policy));
  SHUNT_ASSERT(verdict.trust == Trust::Signed);  // nothing else is accepted by this policy
  if ((**reading.signature).manifest != reading.manifest_sha256)
    return error(ErrorCode::NotTrusted, "its signature is for another manifest; sign it again");
  return *std::ranges::find(policy.keys, (**reading.signature).key, &PublicKey::key);
}

}  // namespace

Result<PublicKey> make_key(const std::filesystem::path& stem, std::string_view not_after) {
  const std::string name = stem.filename();
  if (!is_name(name))
    return error(ErrorCode::BadInput,
                 "{:?} cannot be a key's name; a letter, then letters, digits, '_' and '-' are meant", name);
  PublicKey open{name, {}, std::nullopt};
  if (!not_after.empty()) {
    SHUNT_TRY(day, parse_day(not_after));
    open.not_after = day;
  }
  SHUNT_TRY(key, PrivateKey::make(name));
  open.key = key.public_hex();
  const auto private_path = with_ending(stem, ".key");
  SHUNT_CHECK(key.write(private_path));
  if (auto written = write_public_key(open, with_ending(stem, ".pub")); !written) {
    ::unlink(private_path.c_str());  // made a moment ago, and of no use without its other half
    return tl::make_unexpected(written.error());
  }
  return open;
}

Result<SignedPlugin> sign_plugin(const std::filesystem::path& plugin, const std::filesystem::path& private_key) {
  SHUNT_TRY(key, PrivateKey::read(private_key));
  SHUNT_TRY(reading, read_plugin(plugin));
  const Signature signature = sign(key, reading.image.sha256, reading.manifest_sha256);
  constexpr mode_t kForEverybody = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  SHUNT_CHECK(replace_file(signature_path(plugin), to_text(signature), kForEverybody));
  return signed_by(reading.image, signature, key.name());
}

Result<SignedPlugin> verify_plugin(const std::filesystem::path& plugin,
                                   std::span<const std::filesystem::path> public_keys,
                                   std::chrono::system_clock::time_point now) {
  SHUNT_TRY(reading, read_plugin(plugin));
  auto key = find_key(reading, public_keys, now);
  if (!key) return error(key.error().code, "{}: {}", plugin.string(), key.error().message);
  return signed_by(reading.image, **reading.signature, key->name);
}

}  // namespace shunt
