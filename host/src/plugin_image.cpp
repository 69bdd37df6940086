#include "plugin_image.hpp"

#include "digest.hpp"
#include "elf_file.hpp"
#include "sealed_file.hpp"

#include <shunt/schemas/limits.hpp>

namespace shunt {
namespace {

/// An error that names the file it is about.
tl::unexpected<Error> of_file(const std::filesystem::path& path, const Error& why) {
  return error(why.code, "{}: {}", path.string(), why.message);
}

/// What is in a file whose bytes are trusted.
Result<PluginReading> read_trusted(const std::filesystem::path& path, std::span<const std::byte> bytes,
                                   std::string sha256, Verdict verdict) {
  SHUNT_TRY(elf, read_elf(bytes));
  SHUNT_TRY(manifest, parse_manifest(elf.manifest));
  auto version = manifest.version;
  version.build = elf.build;
  return PluginReading{.image = {path,
                                 {},
                                 std::move(sha256),
                                 std::move(verdict),
                                 std::move(manifest),
                                 std::move(version),
                                 std::move(elf.dynamic),
                                 {},
                                 elf.executable_stack},
                       .manifest_sha256 = sha256_of(elf.manifest)};
}

/// The manifest that was signed is the one that we read: no other reader of ELF files has a say.
Status check_manifest_sum(const PluginReading& reading, const Signature& signature) {
  if (reading.manifest_sha256 == signature.manifest) return {};
  return error(ErrorCode::NotTrusted, "its signature is for the manifest {}, it carries {}; sign it again",
               signature.manifest, reading.manifest_sha256);
}

Result<PluginImage> judge_and_read(const PluginSource& source, std::span<const std::byte> bytes,
                                   const TrustPolicy& policy) {
  SHUNT_CHECK(check_elf_header(bytes));
  const Evidence evidence{sha256_of(bytes), source.sha256,
                          read_signature(source.signature.value_or(signature_path(source.path)))};
  SHUNT_TRY(verdict, judge(evidence, policy));
  const bool is_signed = verdict.trust == Trust::Signed;
  SHUNT_TRY(reading, read_trusted(source.path, bytes, evidence.sha256, std::move(verdict)));
  if (is_signed) SHUNT_CHECK(check_manifest_sum(reading, **evidence.signature));
  PluginImage& image = reading.image;
  const auto folder = source.folder.value_or(source.path.parent_path());
  SHUNT_TRY(libraries, gather_libraries(image.dynamic, image.manifest.libraries, {folder, policy.system_libraries}));
  image.libraries = std::move(libraries);
  return std::move(image);
}

}  // namespace

Result<PluginImage> load_plugin_image(const PluginSource& source, const TrustPolicy& policy) {
  SHUNT_TRY(file, SealedFile::copy_of(source.path, kPluginBytesMax));
  auto image = judge_and_read(source, file.bytes(), policy);
  if (!image) return of_file(source.path, image.error());
  image->descriptor = std::move(file).release();
  return image;
}

Result<PluginReading> read_plugin(const std::filesystem::path& path) {
  SHUNT_TRY(file, SealedFile::copy_of(path, kPluginBytesMax));
  auto reading = read_trusted(path, file.bytes(), sha256_of(file.bytes()), {});
  if (!reading) return of_file(path, reading.error());
  reading->image.descriptor = std::move(file).release();
  reading->signature = read_signature(signature_path(path));
  return reading;
}

}  // namespace shunt
