#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/manifest_generated.h>

#include <cstring>
#include <utility>

namespace shunt {
namespace {

std::string text(const flatbuffers::String* from) { return from == nullptr ? std::string() : from->str(); }

std::optional<std::string> optional_text(const flatbuffers::String* from) {
  return from == nullptr ? std::nullopt : std::optional(from->str());
}

PayloadType unpack(const manifest::Type& type) { return {text(type.name()), SchemaHash{type.hash()}}; }

DeclaredFunction unpack(const manifest::Function& function) {
  return {text(function.name()), unpack(*function.request()), unpack(*function.reply()), function.idempotent()};
}

DeclaredCall unpack(const manifest::Call& call) {
  return {text(call.function()), text(call.version()), unpack(*call.request()), unpack(*call.reply())};
}

DeclaredTopic unpack(const manifest::Topic& topic) {
  return {text(topic.name()), unpack(*topic.type()), topic.idempotent(), text(topic.last_will())};
}

DeclaredState unpack(const manifest::StateVersion& state) { return {state.version(), unpack(*state.type())}; }

ConfigKey unpack(const manifest::ConfigKey& key) {
  return {text(key.name()),
          static_cast<ConfigType>(key.type()),  // an unknown number is refused by check_manifest
          key.required(),
          optional_text(key.minimum()),
          optional_text(key.maximum()),
          optional_text(key.pattern()),
          optional_text(key.default_())};
}

BinarySchema unpack(const manifest::BinarySchema& schema) {
  const auto bytes = std::as_bytes(std::span(schema.bytes()->data(), schema.bytes()->size()));
  return {text(schema.file()), {bytes.begin(), bytes.end()}};
}

ManifestLibrary unpack(const manifest::Library& library) { return {text(library.name()), text(library.sha256())}; }

std::string unpack(const flatbuffers::String& from) { return from.str(); }

template <typename Value, typename Table>
std::vector<Value> unpack_all(const flatbuffers::Vector<flatbuffers::Offset<Table>>* from) {
  std::vector<Value> values;
  if (from == nullptr) return values;
  values.reserve(from->size());
  for (const auto* entry : *from) values.push_back(unpack(*entry));
  return values;
}

Result<std::optional<ToolChain>> tool_chain_of(const manifest::Manifest& from) {
  if (from.tool_chain() == nullptr) return std::nullopt;
  auto tool_chain = ToolChain::parse(from.tool_chain()->string_view());
  if (!tool_chain) return error(ErrorCode::BadManifest, "in the manifest, {}", tool_chain.error().message);
  return *std::move(tool_chain);
}

Result<Version> version_of(const manifest::Manifest& from) {
  auto version = Version::parse(from.version()->string_view());
  if (!version || version->build || version->abi)
    return error(ErrorCode::BadManifest,
                 "the manifest's version {:?} is not MAJOR.MINOR.PATCH[-prerelease]; rebuild it",
                 from.version()->string_view().substr(0, kNameBytesMax));
  version->abi = AbiLevel{from.abi()};
  return *std::move(version);
}

}  // namespace

Result<Manifest> parse_manifest(std::span<const std::byte> bytes) {
  if (bytes.size() > kManifestBytesMax)
    return error(ErrorCode::TooLarge, "a manifest of {} bytes; at most {} fit: list fewer schemas in plugin.toml",
                 bytes.size(), kManifestBytesMax);
  // FlatBuffers reads aligned values relative to the buffer, and a note is only aligned to 4.
  std::vector<std::uint64_t> aligned(bytes.size() / sizeof(std::uint64_t) + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto* const copy = reinterpret_cast<const std::uint8_t*>(aligned.data());

  flatbuffers::Verifier verifier(copy, bytes.size(), kVerifyDepthMax, kVerifyTablesMax);
  if (bytes.size() < 8 || !manifest::VerifyManifestBuffer(verifier))
    return error(ErrorCode::BadManifest,
                 "the manifest of {} bytes fails verification; rebuild the plugin with shunt_add_plugin", bytes.size());
  const auto& from = *manifest::GetManifest(copy);
  if (from.format() != 1)
    return error(ErrorCode::BadManifest, "the manifest has format {}, this release reads format 1; rebuild the plugin",
                 from.format());

  SHUNT_TRY(version, version_of(from));
  SHUNT_TRY(tool_chain, tool_chain_of(from));
  Manifest manifest{.name = text(from.name()),
                    .version = std::move(version),
                    .functions = unpack_all<DeclaredFunction>(from.functions()),
                    .calls = unpack_all<DeclaredCall>(from.calls()),
                    .topics_in = unpack_all<DeclaredTopic>(from.topics_in()),
                    .topics_out = unpack_all<DeclaredTopic>(from.topics_out()),
                    .config = unpack_all<ConfigKey>(from.config()),
                    .permissions = {},
                    .binary_schemas = unpack_all<BinarySchema>(from.binary_schemas()),
                    .libraries = unpack_all<ManifestLibrary>(from.libraries()),
                    .tool_chain = std::move(tool_chain),
                    .workers = from.workers(),
                    .in_flight_max = from.in_flight_max(),
                    .state = unpack_all<DeclaredState>(from.state())};
  if (const auto* permissions = from.permissions())
    manifest.permissions = {unpack_all<std::string>(permissions->read()),
                            unpack_all<std::string>(permissions->syscalls())};
  SHUNT_CHECK(check_manifest(manifest));
  return manifest;
}

}  // namespace shunt
