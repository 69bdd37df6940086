/// What a plugin needs beside itself: found, checked and sealed by the host, or refused by name.
#include "libraries.hpp"

#include "digest.hpp"
#include "elf_file.hpp"
#include "plugin_image.hpp"
#include "sealed_file.hpp"
#include "system_folders.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <temporary_directory.hpp>

namespace shunt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path fixture(const std::string& name) { return PLUGINS + name; }

ElfDynamic dynamic_of(const std::filesystem::path& path) {
  const auto file = SealedFile::copy_of(path, 1u << 24);
  if (!file) throw std::runtime_error(to_string(file.error()));
  auto dynamic = read_library(file->bytes());
  if (!dynamic) throw std::runtime_error(to_string(dynamic.error()));
  return std::move(*dynamic);
}

ManifestLibrary listed(const std::string& name) {
  const auto bytes = content(fixture(name));
  return {name, sha256_of(std::as_bytes(std::span(bytes)))};
}

std::vector<std::string> names_of(const std::vector<SealedLibrary>& libraries) {
  std::vector<std::string> names;
  names.reserve(libraries.size());
  for (const auto& each : libraries) names.push_back(each.name);
  return names;
}

class Libraries : public testing::Test {
 protected:
  /// What becomes of the needs of this fixture.
  [[nodiscard]] Result<std::vector<SealedLibrary>> gather(const std::string& plugin) const {
    return gather_libraries(dynamic_of(fixture(plugin)), listed_, {folder_, system_libraries_});
  }
  void expect_refused(const Result<std::vector<SealedLibrary>>& libraries, const std::string& sentence) const {
    ASSERT_FALSE(libraries);
    EXPECT_EQ(libraries.error().code, ErrorCode::NotTrusted) << to_string(libraries.error());
    EXPECT_THAT(libraries.error().message, HasSubstr(sentence));
  }

  test::TemporaryDirectory directory_;
  std::vector<ManifestLibrary> listed_{listed("libmiddle.so.1"), listed("liblow.so.1")};
  std::filesystem::path folder_ = PLUGINS;
  bool system_libraries_ = false;
};

TEST_F(Libraries, of_the_launcher_need_not_be_listed_and_are_not_handed_over) {
  listed_.clear();

  const auto libraries = gather("good.so");

  ASSERT_TRUE(libraries) << to_string(libraries.error());
  EXPECT_THAT(*libraries, IsEmpty());
}

TEST_F(Libraries, that_the_manifest_lists_are_sealed_each_before_those_that_need_it) {
  const auto libraries = gather("on_libraries.so");

  ASSERT_TRUE(libraries) << to_string(libraries.error());
  EXPECT_THAT(names_of(*libraries), ElementsAre("liblow.so.1", "libmiddle.so.1"));
  for (const SealedLibrary& each : *libraries) {
    EXPECT_EQ(each.origin, LibraryOrigin::Manifest);
    EXPECT_EQ(::pwrite(each.descriptor.get(), "x", 1, 0), -1);
  }
}

TEST_F(Libraries, that_are_listed_and_not_needed_are_not_looked_for) {
  listed_.push_back({"libmissing.so.1", std::string(64, '0')});

  EXPECT_TRUE(gather("on_libraries.so"));
}

TEST_F(Libraries, with_other_bytes_than_those_listed_are_refused_with_both_sums) {
  for (const char* name : {"liblow.so.1", "libmiddle.so.1"}) directory_.write(name, content(fixture(name)));
  folder_ = directory_.path();
  ASSERT_TRUE(gather("on_libraries.so"));

  directory_.write("liblow.so.1", content(fixture("liblow.so.1")) + "x");

  expect_refused(gather("on_libraries.so"), "the plugin was built with " + listed_[1].sha256);
}

TEST_F(Libraries, that_are_listed_and_not_there_are_an_error_that_names_the_file) {
  folder_ = directory_.path();

  const auto libraries = gather("on_libraries.so");

  ASSERT_FALSE(libraries);
  EXPECT_EQ(libraries.error().code, ErrorCode::System);
  EXPECT_THAT(libraries.error().message, HasSubstr((directory_.path() / "libmiddle.so.1").string()));
}

TEST_F(Libraries, that_nobody_lists_are_refused_by_name_with_who_needs_them) {
  listed_.pop_back();
  expect_refused(gather("on_libraries.so"), "libmiddle.so.1 needs liblow.so.1, which its manifest does not list");

  listed_.clear();
  expect_refused(gather("on_libraries.so"), "it needs libmiddle.so.1, which its manifest does not list");
}

TEST_F(Libraries, that_nobody_lists_come_from_the_system_where_that_is_allowed) {
  expect_refused(gather("on_system.so"), "system_libraries = true");

  system_libraries_ = true;
  const auto libraries = gather("on_system.so");

  ASSERT_TRUE(libraries) << to_string(libraries.error());
  EXPECT_THAT(names_of(*libraries), ElementsAre("libz.so.1", "libelf.so.1"));
  for (const SealedLibrary& each : *libraries) EXPECT_EQ(each.origin, LibraryOrigin::System);
}

TEST_F(Libraries, that_the_system_does_not_have_are_refused) {
  system_libraries_ = true;
  listed_.clear();

  expect_refused(gather("on_libraries.so"), "libmiddle.so.1 is in none of the system's folders");
}

TEST_F(Libraries, that_need_each_other_are_refused_as_nothing_could_be_loaded_first) {
  listed_ = {listed("libring_a.so.1"), listed("libring_b.so.1")};

  expect_refused(gather("on_ring.so"), "which needs it in turn");
}

TEST_F(Libraries, that_call_themselves_otherwise_are_refused) {
  directory_.write("libmiddle.so.1", content(fixture("liblow.so.1")));
  folder_ = directory_.path();
  listed_ = {{"libmiddle.so.1", listed("liblow.so.1").sha256}};

  expect_refused(gather("on_libraries.so"), "calls itself \"liblow.so.1\"");
}

TEST_F(Libraries, that_are_needed_by_a_path_are_refused) {
  expect_refused(gather("on_path.so"), "which is a path and no name");
}

TEST_F(Libraries, are_not_looked_for_where_a_plugin_says) {
  expect_refused(gather("runpath.so"), "(RUNPATH \"/opt/lib\")");
  expect_refused(gather("rpath.so"), "(RPATH \"/opt/lib\")");
  expect_refused(gather("audit.so"), "(AUDIT \"libspy.so\")");
  expect_refused(gather("depaudit.so"), "(DEPAUDIT \"libspy.so\")");
  expect_refused(gather("filter.so"), "(FILTER \"libspy.so\")");
  expect_refused(gather("auxiliary.so"), "(AUXILIARY \"libspy.so\")");
}

TEST(SystemFolders, are_trusted_only_when_nobody_but_root_can_write_them_and_all_above) {
  const test::TemporaryDirectory directory;  // somewhere in a folder that everybody writes
  const auto file = directory.write("libz.so.1", "x");

  EXPECT_TRUE(check_only_root_writes(std::filesystem::canonical("/usr/lib")));
  const auto refused = check_only_root_writes(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotTrusted);
  EXPECT_THAT(refused.error().message, HasSubstr("can be written by others than root"));
}

/// A shared object whose program header of this type was changed.
std::string with_header(std::string bytes, std::uint32_t type, const std::function<void(Elf64_Phdr&)>& change) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    char* const place = bytes.data() + header.e_phoff + i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    std::memcpy(&segment, place, sizeof segment);
    if (segment.p_type != type) continue;
    change(segment);
    std::memcpy(place, &segment, sizeof segment);
    break;
  }
  return bytes;
}

TEST(DynamicSection, that_the_loader_would_read_otherwise_than_we_is_refused) {
  const auto read = [](const std::string& bytes) { return read_library(std::as_bytes(std::span(bytes))); };
  const auto good = content(fixture("good.so"));
  const auto endless =
      with_header(good, PT_DYNAMIC, [](Elf64_Phdr& segment) { segment.p_filesz = 2 * sizeof(Elf64_Dyn); });
  const auto twice = with_header(good, PT_GNU_STACK, [](Elf64_Phdr& segment) { segment.p_type = PT_DYNAMIC; });

  ASSERT_TRUE(read(good));
  EXPECT_THAT(read(endless).error().message, HasSubstr("its dynamic section has no end"));
  EXPECT_THAT(read(twice).error().message, HasSubstr("it has two dynamic sections"));
}

TEST(DynamicSection, names_what_an_object_calls_in_others_and_nothing_that_it_defines) {
  const auto undefined = dynamic_of(fixture("on_libraries.so")).undefined;

  EXPECT_THAT(undefined, testing::Contains("middle"));
  EXPECT_THAT(undefined, testing::Not(testing::Contains("low")));
  EXPECT_TRUE(std::ranges::is_sorted(undefined));
}

}  // namespace
}  // namespace shunt
