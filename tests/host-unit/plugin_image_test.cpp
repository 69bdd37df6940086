#include "plugin_image.hpp"

#include "sealed_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <elf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <temporary_directory.hpp>
#include <unistd.h>

namespace shunt {
namespace {

using testing::HasSubstr;

const TrustPolicy kAnything{.allow_unsigned = true};

std::filesystem::path plugin(const std::string& name) { return PLUGINS + name + ".so"; }

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class PluginFile : public testing::Test {
 protected:
  /// What becomes of a file with these bytes.
  Result<PluginImage> load(std::string_view bytes, const TrustPolicy& policy = kAnything) {
    return load_plugin_image({.path = directory_.write("plugin.so", bytes)}, policy);
  }

  void expect_refused(const Result<PluginImage>& image, ErrorCode code, const std::string& sentence) {
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, code) << to_string(image.error());
    EXPECT_THAT(image.error().message, HasSubstr(".so: "));
    EXPECT_THAT(image.error().message, HasSubstr(sentence));
  }

  test::TemporaryDirectory directory_;
};

TEST_F(PluginFile, a_plugin_is_read_without_being_run) {
  const auto image = load_plugin_image({.path = plugin("good")}, kAnything);

  ASSERT_TRUE(image) << to_string(image.error());
  EXPECT_EQ(image->manifest.name, "momentum");
  EXPECT_EQ(image->manifest.functions.size(), 1u);
  EXPECT_EQ(image->verdict.trust, Trust::Unsigned);
  EXPECT_EQ(image->sha256.size(), 64u);
  EXPECT_THAT(image->dynamic.needed, testing::Contains("libm.so.6"));
  EXPECT_THAT(to_string(image->version), testing::MatchesRegex("1\\.4\\.0\\+[0-9a-f]{8}\\+abi-v3"));
}

TEST_F(PluginFile, the_build_hash_is_the_start_of_the_gnu_build_id) {
  const auto image = load_plugin_image({.path = plugin("good")}, kAnything);
  ASSERT_TRUE(image && image->version.build);
  std::string id;  // as it lies in the file: most significant byte first
  for (int shift = 24; shift >= 0; shift -= 8) id += static_cast<char>(image->version.build->value >> shift);

  EXPECT_THAT(content(plugin("good")), HasSubstr(std::string("GNU\0", 4) + id));
}

TEST_F(PluginFile, a_listed_sha256_is_trusted_in_either_case_of_letters) {
  const auto unsigned_image = load_plugin_image({.path = plugin("good")}, kAnything);
  ASSERT_TRUE(unsigned_image);
  auto upper = unsigned_image->sha256;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));

  for (const auto& listed : {unsigned_image->sha256, upper}) {
    const auto image = load_plugin_image({.path = plugin("good"), .sha256 = listed}, {});
    ASSERT_TRUE(image) << to_string(image.error());
    EXPECT_EQ(image->verdict.trust, Trust::Listed);
  }
}

TEST_F(PluginFile, a_plugin_that_is_neither_listed_nor_allowed_is_refused_with_the_sha256_to_list) {
  const auto sha256 = load_plugin_image({.path = plugin("good")}, kAnything)->sha256;

  expect_refused(load_plugin_image({.path = plugin("good")}, {}), ErrorCode::NotTrusted,
                 "list sha256 = \"" + sha256 + "\"");
}

TEST_F(PluginFile, another_sha256_than_the_listed_one_is_refused_even_where_unsigned_plugins_run) {
  const PluginSource source{.path = plugin("good"), .sha256 = std::string(64, '0')};

  expect_refused(load_plugin_image(source, kAnything), ErrorCode::NotTrusted, std::string(64, '0'));
}

TEST_F(PluginFile, nothing_beyond_the_header_is_looked_at_before_the_bytes_are_trusted) {
  expect_refused(load_plugin_image({.path = plugin("bad_manifest")}, {}), ErrorCode::NotTrusted, "allow_unsigned");
}

TEST_F(PluginFile, what_is_no_shared_object_is_refused) {
  const auto good = content(plugin("good"));
  auto executable = good;
  executable[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;

  expect_refused(load(""), ErrorCode::NotAPlugin, "not an ELF file");
  expect_refused(load("#!/bin/sh\nexit 0\n" + std::string(100, '\n')), ErrorCode::NotAPlugin, "not an ELF file");
  expect_refused(load("\x7f"
                      "ELF"),
                 ErrorCode::NotAPlugin, "not an ELF file");
  expect_refused(load(executable), ErrorCode::NotAPlugin, "link it with -shared");
}

TEST_F(PluginFile, another_machine_word_size_or_byte_order_is_refused) {
  const auto good = content(plugin("good"));
  auto machine = good, size = good, order = good;
  machine[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_RISCV);
  size[EI_CLASS] = ELFCLASS32;
  order[EI_DATA] = ELFDATA2MSB;

  for (const auto& bytes : {machine, size, order})
    expect_refused(load(bytes), ErrorCode::WrongArchitecture, "build it for");
}

TEST_F(PluginFile, a_shared_object_without_shunts_note_is_refused) {
  for (const auto* name : {"no_note", "foreign_note", "other_type"})
    expect_refused(load_plugin_image({.path = plugin(name)}, kAnything), ErrorCode::NotAPlugin, "without Shunt's note");
}

TEST_F(PluginFile, a_note_that_is_no_manifest_is_refused) {
  for (const auto* name : {"bad_manifest", "empty_manifest"})
    expect_refused(load_plugin_image({.path = plugin(name)}, kAnything), ErrorCode::BadManifest, "fails verification");
}

TEST_F(PluginFile, a_note_that_is_too_large_is_refused) {
  expect_refused(load_plugin_image({.path = plugin("oversized_note")}, kAnything), ErrorCode::TooLarge,
                 "1048577 bytes");
}

TEST_F(PluginFile, two_manifests_in_one_file_are_refused) {
  expect_refused(load_plugin_image({.path = plugin("two_notes")}, kAnything), ErrorCode::BadManifest, "two manifests");
}

TEST_F(PluginFile, a_plugin_without_a_build_id_is_refused) {
  expect_refused(load_plugin_image({.path = plugin("no_build_id")}, kAnything), ErrorCode::NotAPlugin, "--build-id");
}

TEST_F(PluginFile, overlapping_segments_are_refused) {
  auto bytes = content(plugin("good"));
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  Elf64_Phdr first{};
  for (unsigned i = 0, loads = 0; i < header.e_phnum; ++i) {
    char* const place = bytes.data() + header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    std::memcpy(&segment, place, sizeof segment);
    if (segment.p_type != PT_LOAD) continue;
    if (++loads == 1) first = segment;
    if (loads == 2) segment.p_vaddr = first.p_vaddr, std::memcpy(place, &segment, sizeof segment);
  }

  expect_refused(load(bytes), ErrorCode::NotAPlugin, "segments overlap");
}

TEST_F(PluginFile, a_file_that_is_not_there_or_not_a_file_is_a_system_error) {
  const auto fifo = directory_.path() / "fifo.so";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);

  for (const auto& path : {directory_.path() / "missing.so", directory_.path(), fifo}) {
    const auto image = load_plugin_image({.path = path}, kAnything);
    ASSERT_FALSE(image) << path;
    EXPECT_EQ(image.error().code, ErrorCode::System);
    EXPECT_THAT(image.error().message, HasSubstr(path.string()));
  }
}

TEST_F(PluginFile, a_file_that_is_too_large_is_refused_and_names_the_limit) {
  const auto path = directory_.write("large.so", std::string(4097, 'x'));

  EXPECT_TRUE(SealedFile::copy_of(path, 4097));
  const auto file = SealedFile::copy_of(path, 4096);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(file.error().message, HasSubstr("4096"));
}

TEST_F(PluginFile, the_sealed_bytes_cannot_be_written_grown_shrunk_or_unsealed) {
  const auto image = load_plugin_image({.path = plugin("good")}, kAnything);
  ASSERT_TRUE(image);
  const int descriptor = image->descriptor.get();

  EXPECT_EQ(::pwrite(descriptor, "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(descriptor, 0), -1);
  EXPECT_EQ(::ftruncate(descriptor, 1 << 20), -1);
  EXPECT_EQ(::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), MAP_FAILED);
  EXPECT_EQ(::fcntl(descriptor, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
}

TEST_F(PluginFile, replacing_or_rewriting_the_file_does_not_change_what_was_loaded) {
  const auto good = content(plugin("good"));
  const auto path = directory_.write("plugin.so", good);
  const auto image = load_plugin_image({.path = path}, kAnything);
  ASSERT_TRUE(image);

  directory_.write("plugin.so", "rewritten in place");
  std::filesystem::rename(directory_.write("other.so", "replaced"), path);

  std::string loaded(good.size() + 1, '\0');
  const auto count = ::pread(image->descriptor.get(), loaded.data(), loaded.size(), 0);
  ASSERT_EQ(count, static_cast<ssize_t>(good.size()));
  loaded.resize(good.size());
  EXPECT_TRUE(loaded == good);
}

}  // namespace
}  // namespace shunt
