#include "plugin_image.hpp"

#include <shunt/host/inspect.hpp>

namespace shunt {
namespace {

SignatureState state_of(const PluginReading& reading) {
  if (!reading.signature) return {SignatureState::Kind::Broken, {}, reading.signature.error().message};
  if (!*reading.signature) return {};
  const Signature& signature = **reading.signature;
  if (signature.sha256 != reading.image.sha256 || signature.manifest != reading.manifest_sha256)
    return {SignatureState::Kind::Broken, signature.key, "it is for other bytes: sign the plugin again"};
  if (!signature.holds())
    return {SignatureState::Kind::Broken, signature.key, "it does not hold: it was changed, sign the plugin again"};
  return {SignatureState::Kind::Holds, signature.key, {}};
}

}  // namespace

Result<PluginFile> inspect_plugin(const std::filesystem::path& path) {
  SHUNT_TRY(reading, read_plugin(path));
  auto signature = state_of(reading);
  PluginImage& image = reading.image;
  return PluginFile{std::move(image.manifest),       std::move(image.version),          std::move(image.sha256),
                    std::move(image.dynamic.needed), std::move(image.dynamic.searches), std::move(signature)};
}

}  // namespace shunt
