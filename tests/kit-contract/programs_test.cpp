// shunt-manifest as people and builds call it.
#include "note.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

constexpr const char* kManifest =
    "[plugin]\nname = \"momentum\"\nversion = \"1.4.0\"\nabi = 1\nschemas = [\"market.fbs\"]\n"
    "[topics.out]\n\"market.bars\" = \"market.Bar\"\n";
constexpr const char* kSchema = "include \"common.fbs\";\nnamespace market;\ntable Bar { side: common.Side; }\n";
constexpr const char* kIncluded = "namespace common;\nenum Side : byte { Sell, Buy }\n";

class ManifestProgram : public testing::Test {
 protected:
  void SetUp() override {
    manifest_ = folder_.write("plugin/plugin.toml", kManifest).string();
    folder_.write("schemas/market.fbs", kSchema);
    folder_.write("schemas/common.fbs", kIncluded);
  }

  [[nodiscard]] std::string path(const std::string& relative) const { return (folder_.path() / relative).string(); }
  [[nodiscard]] Ran compile(const std::string& options) const {
    return run(fmt::format("{} {} --out {} {}", SHUNT_MANIFEST, manifest_, path("out"), options));
  }

  TemporaryDirectory folder_;
  std::string manifest_;
};

TEST_F(ManifestProgram, writes_the_manifest_the_note_the_contract_the_client_and_the_headers_of_all_schemas) {
  const auto ran = compile(fmt::format("--schemas {} --flatc flatc --depfile {}", path("schemas"), path("d")));

  ASSERT_EQ(ran.exit, 0) << ran.output;
  EXPECT_EQ(ran.output, "");
  for (const auto* name : {"momentum.manifest", "momentum_note.cpp", "momentum_contract.hpp", "momentum_contract.h",
                           "momentum_client.hpp", "market_generated.h", "common_generated.h"})
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out" / name)) << name;
  const auto depfile = file_bytes(path("d"));
  EXPECT_EQ(std::string(depfile.begin(), depfile.end()),
            fmt::format("{}/momentum_contract.hpp: \\\n  {} \\\n  {} \\\n  {}\n", path("out"), manifest_,
                        path("schemas/common.fbs"), path("schemas/market.fbs")));
}

TEST_F(ManifestProgram, takes_a_plugin_without_messages_and_so_without_schemas) {
  manifest_ =
      folder_.write("plugin/plugin.toml", "[plugin]\nname = \"idler\"\nversion = \"1.0.0\"\nabi = 1\n").string();

  const auto ran = compile("--flatc flatc");

  EXPECT_EQ(ran.exit, 0) << ran.output;
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out/idler_contract.hpp"));
}

TEST_F(ManifestProgram, gives_the_same_bytes_in_another_folder) {
  ASSERT_EQ(compile("--schemas " + path("schemas")).exit, 0);
  const auto first = file_bytes(path("out/momentum_note.cpp"));

  const TemporaryDirectory other;
  std::filesystem::copy(folder_.path(), other.path(), std::filesystem::copy_options::recursive);
  const auto there =
      fmt::format("cd {} && {} plugin/plugin.toml --out out -I schemas", other.path().string(), SHUNT_MANIFEST);
  ASSERT_EQ(run(there).exit, 0);

  EXPECT_EQ(file_bytes(other.path() / "out/momentum_note.cpp"), first);
}

TEST_F(ManifestProgram, names_file_and_line_of_bad_input_writes_nothing_and_exits_1) {
  const auto ran = compile("");

  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.output, testing::StartsWith(manifest_ + ":5: There is no schema \"market.fbs\"; looked in: "));
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(ManifestProgram, refuses_the_manifest_of_another_plugin) {
  const auto ran = compile("--name risk --schemas " + path("schemas"));

  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.output, manifest_ +
                            ":1: The plugin is called \"momentum\" here and \"risk\" by the build; make them one "
                            "(NAME of shunt_add_plugin).\n");
}

TEST_F(ManifestProgram, lists_libraries_by_their_sums_in_whatever_order_they_are_named) {
  const auto first = folder_.write("libone.so", "one"), second = folder_.write("libtwo.so", "two");
  const auto options = [&](const std::string& a, const std::string& b) {
    return fmt::format("--schemas {} --library {} --library {}", path("schemas"), a, b);
  };
  const auto one = "libone.so.1=" + first.string(), two = "libtwo.so=" + second.string();

  ASSERT_EQ(compile(options(one, two)).exit, 0);
  const auto bytes = file_bytes(path("out/momentum.manifest"));
  const std::string text(bytes.begin(), bytes.end());
  ASSERT_EQ(compile(options(two, one)).exit, 0);

  EXPECT_THAT(text, testing::HasSubstr("libone.so.1"));
  EXPECT_THAT(text,
              testing::HasSubstr("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"));  // of "one"
  EXPECT_EQ(text.find(folder_.path().string()), std::string::npos);
  EXPECT_EQ(file_bytes(path("out/momentum.manifest")), bytes);
}

TEST_F(ManifestProgram, refuses_libraries_that_are_not_there_are_no_names_or_stand_twice) {
  const auto library = folder_.write("libone.so", "one").string();
  const auto refusal = [&](const std::string& libraries) {
    const auto ran = compile(fmt::format("--schemas {} {}", path("schemas"), libraries));
    EXPECT_EQ(ran.exit, 1) << libraries;
    return ran.output;
  };

  EXPECT_THAT(refusal("--library libone.so=/nowhere/libone.so"), testing::HasSubstr("libone.so cannot be read from"));
  EXPECT_THAT(refusal("--library libone.so"), testing::HasSubstr("libone.so cannot be read from \"\""));
  EXPECT_THAT(refusal("--library ../libone.so=" + library), testing::HasSubstr("a SONAME is meant"));
  EXPECT_THAT(refusal(fmt::format("--library a.so={0} --library a.so={0}", library)), testing::HasSubstr("a.so twice"));
}

TEST_F(ManifestProgram, writes_the_tool_chain_that_the_build_names_and_none_otherwise) {
  const auto manifest = [&](const std::string& options) {
    EXPECT_EQ(compile(fmt::format("--schemas {} {}", path("schemas"), options)).exit, 0);
    const auto bytes = file_bytes(path("out/momentum.manifest"));
    return std::string(bytes.begin(), bytes.end());
  };

  EXPECT_THAT(manifest("--tool-chain 'GNU 12.2.0'"), testing::HasSubstr("GNU 12.2.0"));
  EXPECT_THAT(manifest(""), testing::Not(testing::HasSubstr("GNU")));
}

TEST_F(ManifestProgram, refuses_a_tool_chain_without_a_version) {
  const auto ran = compile(fmt::format("--schemas {} --tool-chain GNU", path("schemas")));

  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.output, manifest_ +
                            ":1: The build names its tool chain, but \"GNU\" is no tool chain: write a compiler's name "
                            "and version, e.g. GNU 12.2.0.\n");
}

TEST_F(ManifestProgram, says_so_when_it_cannot_write) {
  folder_.write("out", "a file where the folder should be");

  const auto ran = compile("--schemas " + path("schemas"));

  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.output, testing::HasSubstr("out/momentum.manifest:1: It cannot be written"));
}

TEST_F(ManifestProgram, says_so_when_flatc_is_not_there) {
  const auto ran = compile("--flatc /nowhere/flatc --schemas " + path("schemas"));

  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.output, manifest_ + ":1: /nowhere/flatc made no headers of its schemas.\n");
}

TEST_F(ManifestProgram, exits_2_when_misused_and_0_for_help) {
  EXPECT_EQ(run(SHUNT_MANIFEST).exit, 2);
  EXPECT_EQ(run(fmt::format("{} {} --wrong", SHUNT_MANIFEST, manifest_)).exit, 2);
  const auto help = run(fmt::format("{} --help", SHUNT_MANIFEST));
  EXPECT_EQ(help.exit, 0);
  EXPECT_THAT(help.output, testing::HasSubstr("--depfile"));
}

}  // namespace
}  // namespace shunt::test
