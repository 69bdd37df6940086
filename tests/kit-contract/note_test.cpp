// The built plugin, read as a file: its note, its needs, its exports, its listing.
#include "note.hpp"

#include "probe_contract.hpp"
#include "temporary_directory.hpp"

#include <shunt/schemas/manifest_generated.h>

#include <flatbuffers/reflection.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// The manifest in a plugin's note, checked; the bytes live as long as this.
class NoteOf {
 public:
  explicit NoteOf(const std::filesystem::path& plugin) : bytes_(manifest_note(plugin)) {
    flatbuffers::Verifier verifier(bytes_.data(), bytes_.size());
    if (manifest::VerifyManifestBuffer(verifier)) manifest_ = manifest::GetManifest(bytes_.data());
  }
  explicit operator bool() const { return manifest_ != nullptr; }
  const manifest::Manifest* operator->() const { return manifest_; }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  const manifest::Manifest* manifest_ = nullptr;
};

TEST(Note, holds_all_that_the_manifest_says) {
  const NoteOf note(PROBE_PLUGIN);

  ASSERT_TRUE(note);
  EXPECT_EQ(note->name()->str(), "probe");
  EXPECT_EQ(note->version()->str(), "2.1.3-beta.1");
  EXPECT_EQ(note->abi(), 3);
  ASSERT_EQ(note->functions()->size(), probe::kFunctions.size());
  for (unsigned i = 0; i < note->functions()->size(); ++i) {
    EXPECT_EQ("probe/" + note->functions()->Get(i)->name()->str(), probe::kFunctions[i].name);
    EXPECT_EQ(note->functions()->Get(i)->request()->hash(), probe::kFunctions[i].request.hash.value);
    EXPECT_EQ(note->functions()->Get(i)->reply()->name()->str(), "probe.Response");
  }
  EXPECT_EQ(note->calls()->Get(0)->function()->str(), "oracle/answer");
  EXPECT_EQ(note->calls()->Get(0)->version()->str(), "^1.2");
  EXPECT_TRUE(note->topics_in()->Get(0)->idempotent());
  EXPECT_EQ(note->topics_out()->Get(0)->last_will()->str(), "flat");
  EXPECT_EQ(note->permissions()->read()->Get(0)->str(), "/etc/hosts");
  const auto* window = note->config()->Get(4);
  EXPECT_EQ(window->name()->str(), "window");
  EXPECT_EQ(window->type(), manifest::ConfigType::Int);
  EXPECT_EQ(window->minimum()->str(), "2");
  EXPECT_EQ(window->default_()->str(), "20");
}

TEST(Note, says_which_compiler_the_build_used) {
  const NoteOf note(PROBE_PLUGIN);

  ASSERT_TRUE(note);
  ASSERT_NE(note->tool_chain(), nullptr);
  EXPECT_EQ(note->tool_chain()->str(), CXX_TOOL_CHAIN);
}

TEST(Note, holds_schemas_that_reflection_reads_and_that_name_no_folder) {
  const NoteOf note(PROBE_PLUGIN);

  ASSERT_TRUE(note);
  const auto* schema = note->binary_schemas()->Get(0);
  EXPECT_EQ(schema->file()->str(), "probe.fbs");
  flatbuffers::Verifier verifier(schema->bytes()->data(), schema->bytes()->size());
  ASSERT_TRUE(verifier.VerifyBuffer<reflection::Schema>());
  const auto* read = reflection::GetSchema(schema->bytes()->data());
  EXPECT_NE(read->objects()->LookupByKey("probe.Question"), nullptr);
  const std::string text(note.bytes().begin(), note.bytes().end());
  EXPECT_EQ(text.find(std::filesystem::path(PROBE_MANIFEST).parent_path().string()), std::string::npos);
}

TEST(Note, survives_collected_sections_and_strip_and_is_found_by_its_segment) {
  const TemporaryDirectory folder;
  const auto stripped = folder.path() / "stripped.so";

  const auto ran = run(fmt::format("strip --strip-all -o {} {}", stripped.string(), PROBE_PLUGIN));

  ASSERT_EQ(ran.exit, 0) << ran.output;
  EXPECT_LT(std::filesystem::file_size(stripped), std::filesystem::file_size(PROBE_PLUGIN));
  EXPECT_EQ(manifest_note(stripped), manifest_note(PROBE_PLUGIN));
  EXPECT_TRUE(NoteOf(stripped));
}

TEST(Plugin, exports_its_descriptor_and_nothing_else) {
  const auto ran = run(fmt::format("nm --dynamic --defined-only --format=posix {}", PROBE_PLUGIN));

  EXPECT_THAT(ran.output, testing::MatchesRegex("shunt_plugin_descriptor [DR] [0-9a-f]+ [0-9a-f]+\n")) << ran.output;
}

TEST(Plugin, needs_no_library_but_those_of_the_language) {
#ifdef SHUNT_SANITIZED
  GTEST_SKIP() << "a sanitizer brings its own library";
#endif
  const auto ran = run(fmt::format("readelf -d {} | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p' | sort", PROBE_PLUGIN));

  for (std::size_t from = 0, to = 0; (to = ran.output.find('\n', from)) != std::string::npos; from = to + 1)
    EXPECT_THAT(ran.output.substr(from, to - from),
                testing::AnyOf("libc.so.6", "libgcc_s.so.1", "libm.so.6", "libstdc++.so.6"));
  EXPECT_THAT(ran.output, testing::HasSubstr("libc.so.6"));
}

TEST(Plugin, is_listed_by_the_build_with_its_sha256) {
  const auto folder = std::filesystem::path(PROBE_PLUGIN).parent_path().string();

  EXPECT_EQ(run(fmt::format("cd {} && sha256sum -c plugins.sha256", folder)).output, "libprobe.so: OK\n");
  EXPECT_EQ(run(fmt::format("cd {} && sha256sum -c libprobe.so.sha256", folder)).output, "libprobe.so: OK\n");
}

}  // namespace
}  // namespace shunt::test
