/// Shunt as those have it who install it: no source tree, no build folder, only what `cmake --install` left.
#include "installation.hpp"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (!entry.is_directory()) files.insert(fs::relative(entry.path(), folder));
  return files;
}

bool same_bytes(const fs::path& one, const fs::path& other) {
  const auto bytes = [](const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{stream}, {}};
  };
  return fs::file_size(one) > 0 && bytes(one) == bytes(other);
}

const char* const kOrders = "+20 at 98.50\n+5 at 100.00\n-10 at 101.00\n";

TEST(Installation, names_no_folder_of_the_source_or_the_build) {
  const Installation shunt;

  EXPECT_THAT(shunt.traces_of_the_tree(), IsEmpty());
  for (const char* program : {"shunt", "shunt-launch", "shunt-drill", "shunt-manifest"}) {
    const auto file = (shunt.prefix() / "bin" / program).string();
    EXPECT_EQ(shunt.run(file + " --help").exit_code, 0) << program;
    EXPECT_THAT(shunt.run("readelf -d " + file).output, Not(HasSubstr("PATH"))) << program;
  }
}

TEST(Installation, is_the_same_below_a_destdir) {
  const Installation there;
  const Installation staged("stage");
  const auto below = staged.folder() / "stage" / staged.prefix().relative_path();

  EXPECT_EQ(files_below(below), files_below(there.prefix()));
  EXPECT_FALSE(fs::exists(staged.prefix()));
  EXPECT_EQ(run_command("grep -rl " + staged.folder().string() + " " + below.string()).output, "");
}

TEST(Embedding, a_trading_host_and_its_plugin_are_built_from_installed_files_alone_wherever_those_lie) {
  const Installation here;
  Installation moved;
  moved.move_to("some/where/else");
  fs::create_directories(moved.folder() / "deeper");
  fs::rename(moved.projects() / "trading", moved.folder() / "deeper/project");

  const Ran made = here.make(here.projects() / "trading", "build");
  const Ran made_there = moved.make(moved.folder() / "deeper/project", "another/build");

  ASSERT_EQ(made.exit_code, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr((here.prefix() / "include").string()));
  EXPECT_FALSE(names_the_tree(made.output)) << made.output;
  const Ran ran = here.run("build/trading-host build/host.toml");
  EXPECT_EQ(ran.output, std::string{kOrders} + "+500: refused\n");
  EXPECT_EQ(ran.exit_code, 0);

  ASSERT_EQ(made_there.exit_code, 0) << made_there.output;
  EXPECT_EQ(moved.run("another/build/trading-host another/build/host.toml").output, ran.output);
  EXPECT_TRUE(same_bytes(here.folder() / "build/plugins/libstrategy.so",
                         moved.folder() / "another/build/plugins/libstrategy.so"))
      << "the build hash is made of these bytes";
}

TEST(Embedding, a_host_with_an_epoll_loop_of_its_own_is_built_by_cmake_and_by_a_compiler_alone) {
  const Installation shunt;
  const auto pc = (shunt.prefix() / SHUNT_LIBDIR / "pkgconfig").string();

  const Ran made = shunt.make(shunt.projects() / "epoll", "build");
  const Ran compiled = shunt.run(fmt::format("CXX={} PKG_CONFIG_PATH={} projects/epoll/build.bash {}", SHUNT_COMPILER,
                                             pc, (shunt.folder() / "made").string()));
  fs::copy(shunt.projects() / "trading/host.toml", shunt.folder() / "made");

  ASSERT_EQ(made.exit_code, 0) << made.output;
  ASSERT_EQ(compiled.exit_code, 0) << compiled.output;
  EXPECT_FALSE(names_the_tree(made.output + compiled.output)) << made.output << compiled.output;
  for (const char* host : {"build/epoll-host", "made/epoll-host"}) {
    const Ran ran = shunt.run(fmt::format("printf '98\\n99.5\\n101\\n' | {} made/host.toml", host));
    EXPECT_EQ(ran.output, kOrders) << host;
    EXPECT_EQ(ran.exit_code, 0) << host;
  }

  const auto launcher = shunt.prefix() / "bin/shunt-launch";
  fs::remove(launcher);
  const Ran lost = shunt.run("build/epoll-host made/host.toml < /dev/null");
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.output, HasSubstr(launcher.string()));
}

TEST(Embedding, a_component_that_does_not_exist_is_named_with_those_that_do) {
  const Installation shunt;

  const Ran unknown = shunt.configure("find_package(Shunt REQUIRED COMPONENTS host robots)\n");
  const Ran optional = shunt.configure(
      "find_package(Shunt REQUIRED COMPONENTS kit OPTIONAL_COMPONENTS robots)\n"
      "message(STATUS \"kit ${Shunt_kit_FOUND}, robots ${Shunt_robots_FOUND}\")\n");
  const Ran newer = shunt.configure("find_package(Shunt 99.0 REQUIRED)\n");

  EXPECT_NE(unknown.exit_code, 0);
  EXPECT_THAT(unknown.output, HasSubstr("Shunt has no component \"robots\"; there are: host, kit."));
  EXPECT_EQ(optional.exit_code, 0) << optional.output;
  EXPECT_THAT(optional.output, HasSubstr("kit TRUE, robots FALSE"));
  EXPECT_NE(newer.exit_code, 0);
}

TEST(Embedding, a_project_in_c_alone_is_told_what_its_plugin_takes) {
  const Installation kit("", "kit");

  const Ran ran = kit.configure(
      "find_package(Shunt REQUIRED COMPONENTS kit)\n"
      "shunt_add_plugin(collar MANIFEST plugin.toml SOURCES collar.c)\n",
      {}, "C");

  EXPECT_NE(ran.exit_code, 0);
  EXPECT_THAT(ran.output, HasSubstr("to the LANGUAGES of project()."));
}

TEST(Embedding, plugins_are_written_without_iceoryx_and_with_the_kit_alone) {
  const Installation kit("", "kit");
  const std::string without =
      "-DCMAKE_DISABLE_FIND_PACKAGE_iceoryx_posh=ON -DCMAKE_DISABLE_FIND_PACKAGE_iceoryx_hoofs=ON";
  const std::string plugin =
      fmt::format("shunt_add_plugin(strategy MANIFEST {0}/plugin.toml SOURCES {0}/strategy.cpp)\n",
                  (kit.projects() / "trading").string());

  const Ran found = kit.configure("find_package(Shunt REQUIRED COMPONENTS kit)\n" + plugin, without);
  const Ran built = kit.run("cmake --build probe/build");
  const Ran host = kit.configure("find_package(Shunt REQUIRED COMPONENTS host)\n", without);

  ASSERT_EQ(found.exit_code, 0) << found.output;
  EXPECT_EQ(built.exit_code, 0) << built.output;
  EXPECT_THAT(kit.run("ldd probe/build/plugins/libstrategy.so").output, Not(HasSubstr("iceoryx")));
  EXPECT_NE(host.exit_code, 0);
  EXPECT_THAT(host.output, HasSubstr("The component \"host\" of Shunt was not installed here"));
}

}  // namespace
}  // namespace shunt::test
