/// `shunt new`: the project is all there or not at all, and has a name that a plugin can have.
#include "declaration.hpp"
#include "process.hpp"
#include "resolved.hpp"
#include "schema_set.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <temporary_directory.hpp>
#include <unistd.h>

namespace shunt::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> entries_of(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class NewPlugin : public ProcessTest {
 protected:
  [[nodiscard]] Ran make(const std::string& name, const Words& more = {}) const {
    Words words{"new", (folder_.path() / name).string()};
    words.insert(words.end(), more.begin(), more.end());
    return run(SHUNT, words);
  }

  /// What the manifest compiler has to say to the project.
  [[nodiscard]] static std::string problems_of(const fs::path& project) {
    manifest_compiler::Problems problems;
    const auto declaration = manifest_compiler::read_declaration((project / "plugin.toml").string(), problems);
    manifest_compiler::SchemaSet schemas;
    schemas.load(declaration, {}, problems);
    if (problems.none()) static_cast<void>(manifest_compiler::resolve(declaration, schemas, problems));
    return fmt::format("{}", fmt::join(problems.lines(), "\n"));
  }

  TemporaryDirectory folder_;
};

TEST_F(NewPlugin, writes_a_project_with_the_plugins_names_and_says_what_comes_next) {
  const Ran ran = make("limit-checker");

  EXPECT_EQ(ran.code, 0) << ran.errors;
  const auto project = folder_.path() / "limit-checker";
  EXPECT_THAT(entries_of(project), ElementsAre("CMakeLists.txt", "README.md", "host.toml", "limit_checker.cpp",
                                               "limit_checker.fbs", "limit_checker_test.cpp", "plugin.toml"));
  EXPECT_THAT(text_of(project / "limit_checker.cpp"),
              HasSubstr("class LimitChecker final : public limit_checker::Contract {"));
  for (const auto& file : entries_of(project)) EXPECT_THAT(text_of(project / file), Not(HasSubstr("@"))) << file;
  EXPECT_THAT(ran.out, HasSubstr("cd " + project.string()));
  EXPECT_THAT(ran.out, HasSubstr("call limit-checker/scale"));
  EXPECT_THAT(entries_of(folder_.path()), ElementsAre("limit-checker")) << "nothing beside it";
}

TEST_F(NewPlugin, gives_others_what_the_umask_leaves_them) {
  const auto before = ::umask(027);
  const Ran ran = make("momentum");
  ::umask(before);

  ASSERT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(fs::status(folder_.path() / "momentum").permissions(), fs::perms{0750});
}

TEST_F(NewPlugin, lists_its_files_as_json) {
  const Ran ran = make("momentum", {"--json"});

  EXPECT_EQ(ran.json()["folder"], (folder_.path() / "momentum").string());
  EXPECT_EQ(ran.json()["files"].size(), 7u);
}

TEST_F(NewPlugin, takes_every_name_that_a_manifest_takes) {
  for (const std::string name : {"a", "x-1_y", "table", "string", "test", "contract", "config", "root_type",
                                 "a-name-of-quite-some-length-and-with-many-words-in-it"}) {
    const Ran ran = make(name);

    EXPECT_EQ(ran.code, 0) << ran.errors;
    EXPECT_EQ(problems_of(folder_.path() / name), "");
  }
  EXPECT_THAT(text_of(folder_.path() / "test/test.cpp"), HasSubstr("SHUNT_PLUGIN(TestPlugin)"))
      << "inside a TEST, Test is a class of GoogleTest's";
}

TEST_F(NewPlugin, refuses_a_name_that_a_manifest_refuses_and_says_why) {
  const std::vector<std::pair<std::string, std::string>> refusals{
      {"Momentum", "\"Momentum\" cannot be a plugin's name: it is not a name: a lower-case letter, then"},
      {"9lives", "is not a name"},
      {"a.b", "is not a name"},
      {"class", "is a word that C++ or the kit keeps for itself"},
      {"linux", "is a word that C++ or the kit keeps for itself"},
      {"shunt", "is a word that C++ or the kit keeps for itself"},
      {"clock", "\"clock\" cannot be a plugin's name: it is that of a function of the C library"},
      {"gamma", "is that of a function of the C library"},
      {"a__b", "has two underscores in a row"},
      {std::string(121, 'a'), "is longer than 120 bytes"},
      {"grün", "is not a name"},
      {"a\x1b[2J\nb", "\"a\\x1b[2J\\nb\" cannot be a plugin's name"}};
  for (const auto& [name, why] : refusals) {
    const Ran ran = make(name);

    EXPECT_EQ(ran.code, 1) << name;
    EXPECT_THAT(ran.errors, HasSubstr(why));
  }
  EXPECT_THAT(entries_of(folder_.path()), IsEmpty());
}

TEST_F(NewPlugin, touches_nothing_that_has_the_name_already) {
  folder_.write("momentum/precious.cpp", "int precious;\n");
  folder_.write("signals", "a file\n");
  fs::create_directory(folder_.path() / "empty");
  fs::create_symlink("nowhere", folder_.path() / "linked");

  for (const std::string name : {"momentum", "signals", "empty", "linked", "momentum/"}) {
    const Ran ran = make(name);

    EXPECT_EQ(ran.code, 1) << name;
    EXPECT_THAT(ran.errors, HasSubstr("exists already: choose another name, or remove it"));
  }
  EXPECT_THAT(entries_of(folder_.path() / "momentum"), ElementsAre("precious.cpp"));
  EXPECT_THAT(entries_of(folder_.path()), ElementsAre("empty", "linked", "momentum", "signals"));
}

TEST_F(NewPlugin, leaves_nothing_behind_where_it_cannot_write_everything) {
  const Ran nowhere = make("no/such/folder/momentum");
  // The project is of some kilobytes in several files, the largest above 1 KiB: one of them does not fit.
  const Ran full =
      run("/bin/sh", {"-c", fmt::format("ulimit -f 1; exec {} new {}", SHUNT, (folder_.path() / "momentum").string())});

  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.errors, HasSubstr("No such file or directory"));
  EXPECT_EQ(full.code, 1) << full.out;
  EXPECT_THAT(full.errors, HasSubstr("writing "));
  EXPECT_THAT(entries_of(folder_.path()), IsEmpty());
}

}  // namespace
}  // namespace shunt::test
