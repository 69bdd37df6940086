/// docs/api.md does what it says: its host, its host.toml and its commands, with the plugin that is built from it.
#include "process.hpp"
#include "waiting.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// The blocks of the page by their names; those of extract.awk.
std::map<std::string, std::string> blocks() {
  std::ifstream page{PAGE};
  std::map<std::string, std::string> found;
  std::string* inside = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      inside = inside == nullptr ? &found[line.substr(line.find_last_of(" `") + 1)] : nullptr;
      if (line.size() > 3 && line.find(' ') == std::string::npos && inside != nullptr) {
        found.erase("");
        inside = &found[line.substr(3)];
      }
    } else if (inside != nullptr) {
      *inside += line + '\n';
    }
  }
  return found;
}

/// A folder as the page's reader has it: host.toml, and what was built; programs are found in bin/.
class Api : public ProcessTest {
 protected:
  Api() {
    fs::create_directories(folder_.path() / "bin");
    fs::create_directories(folder_.path() / "run");
    fs::permissions(folder_.path() / "run", fs::perms::owner_all);
    fs::create_directory_symlink(API_PLUGINS, folder_.path() / "plugins");
    for (const fs::path program : {SHUNT, SHUNT_LAUNCH})
      fs::create_symlink(program, folder_.path() / "bin" / program.filename());
    write("");
  }

  void write(const std::string& more) const { folder_.write("host.toml", page_.at("host.toml") + more); }

  /// In that folder, as the page's line says it.
  [[nodiscard]] Words in_folder(const std::string& line) const {
    return {"-c", "cd '" + folder_.path().string() + "' && PATH=\"$PWD/bin:$PATH\" && exec " + line};
  }
  [[nodiscard]] Words environment() const { return {"XDG_RUNTIME_DIR=" + (folder_.path() / "run").string()}; }
  [[nodiscard]] Ran shell(const std::string& line) const { return run("/bin/sh", in_folder(line), environment()); }

  const std::map<std::string, std::string> page_ = blocks();
  TemporaryDirectory folder_;
};

TEST_F(Api, every_block_of_the_page_is_one_that_is_built_or_run) {
  Words names;
  for (const auto& [name, text] : page_) names.push_back(name);

  EXPECT_THAT(names, UnorderedElementsAre("plugin.toml", "market.fbs", "risk.fbs", "CMakeLists.txt", "momentum.cpp",
                                          "momentum_test.cpp", "host", "host.toml", "open.toml", "console"));
}

TEST_F(Api, the_host_calls_publishes_hears_and_switches) {
  write("[[plugin]]\npath = \"plugins/librisk.so\"\n");
  fs::copy_file(API_HOST, folder_.path() / "bin/host");  // a host finds the launcher beside itself

  const Ran ran = shell("host");

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_EQ(ran.out, "act Buy\nact Sell\nsignal Sell\n");
}

TEST_F(Api, the_host_toml_is_one_that_a_host_can_be_with_the_route_that_may_stand_there_too) {
  const Ran alone = shell("shunt plan host.toml");
  write(page_.at("open.toml"));
  const Ran open = shell("shunt plan host.toml");

  EXPECT_EQ(alone.code, 0) << alone;
  EXPECT_EQ(open.code, 0) << open;
  EXPECT_THAT(open.out, HasSubstr("bridge"));
}

TEST_F(Api, the_commands_do_what_is_said_of_them) {
  std::istringstream console{page_.at("console")};
  Words lines;
  for (std::string line; std::getline(console, line);) lines.push_back(line.substr(2));
  ASSERT_EQ(lines.size(), 5u);

  Process host{"/bin/sh", in_folder(lines[0]), environment()};
  EXPECT_THAT(host.read_line(), HasSubstr("host shunt listens on "));
  Process risk{"/bin/sh", in_folder(lines[1]), environment()};
  EXPECT_THAT(risk.read_line(), HasSubstr("risk 1.2.0"));
  const Ran called = shell(lines[2]);
  const Ran switched = shell(lines[3]);
  const Ran listed = shell(lines[4]);

  EXPECT_EQ(called.code, 0) << called;
  EXPECT_EQ(called.json(), Json::parse(R"({"direction":"Buy","price":1469.25})"));
  EXPECT_EQ(switched.code, 0) << switched;
  EXPECT_THAT(listed.out, testing::ContainsRegex("momentum +1\\.5\\.0[^\n]* Active"));
  host.signal(SIGTERM);
  EXPECT_EQ(host.finish().code, 0);
}

TEST_F(Api, a_host_that_is_not_there_by_that_name_is_said_to_be_none) {
  const Ran ran = shell("shunt-launch --host nobody plugins/librisk.so");

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("no host \"nobody\" of this user runs"));
}

}  // namespace
}  // namespace shunt::test
