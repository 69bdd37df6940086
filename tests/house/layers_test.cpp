#include "includes.hpp"

#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <temporary_directory.hpp>

namespace shunt::house {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A tree like ours in small, with one header in each layer, to which a test adds the file that it is about.
class Includes : public ::testing::Test {
 protected:
  Includes() {
    tree.write("schemas/include/shunt/schemas/error.hpp", "#include <string>\n");
    tree.write("bus/include/shunt/bus/lane.hpp", "#include <shunt/schemas/error.hpp>\n");
    tree.write("bus/src/pool.cpp", "#include <iceoryx_posh/internal/mepoo/memory_manager.hpp>\n");
    tree.write("plugin-kit/include/shunt/plugin.h", "#include <stdint.h>\n");
    tree.write("plugin-kit/src/sandbox.cpp", "#include <seccomp.h>\n#include <shunt/bus/lane.hpp>\n");
    tree.write("host/include/shunt/host.hpp", "#include <shunt/bus/lane.hpp>\n");
    tree.write("host/src/table.hpp", "#include <vector>\n");
    tree.write("tools/src/main.cpp", "#include <shunt/host.hpp>\n");
    tree.write("tests/host/host_test.cpp", "#include <shunt/host.hpp>\n#include <shunt/plugin.h>\n");
  }

  [[nodiscard]] std::vector<std::string> breaches() const { return include_breaches(tree.path()); }

  test::TemporaryDirectory tree;
};

TEST_F(Includes, a_tree_that_keeps_to_the_arrows_has_no_breach) { EXPECT_THAT(breaches(), IsEmpty()); }

TEST_F(Includes, a_host_file_that_includes_a_header_of_the_kit_is_named_with_its_line) {
  tree.write("host/src/spawn.cpp", "#include <vector>\n\n#include <shunt/plugin.h>\n");

  EXPECT_THAT(breaches(), ElementsAre("host/src/spawn.cpp:3: host may not include <shunt/plugin.h>, which belongs to "
                                      "plugin-kit"));
}

TEST_F(Includes, a_kit_file_that_includes_the_host_is_named) {
  tree.write("plugin-kit/src/launcher.cpp", "  #  include <shunt/host.hpp>  // why not\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("plugin-kit may not include <shunt/host.hpp>")));
}

TEST_F(Includes, a_header_out_of_reach_is_not_reached_by_its_path) {
  tree.write("tools/src/inside.cpp", "#include \"../../plugin-kit/src/sandbox.cpp\"\n");
  tree.write("bus/src/outside.cpp", "#include <host/src/table.hpp>\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("bus may not include <host/src/table.hpp>"),
                                      HasSubstr("tools may not include <../../plugin-kit/src/sandbox.cpp>")));
}

TEST_F(Includes, a_neighbour_is_included_by_its_name) {
  tree.write("host/src/table.cpp", "#include \"table.hpp\"\n");

  EXPECT_THAT(breaches(), IsEmpty());
}

TEST_F(Includes, a_generated_header_belongs_to_the_layer_of_its_folder) {
  tree.write("schemas/src/a.cpp", "#include <shunt/schemas/market_generated.h>\n");
  tree.write("schemas/src/b.cpp", "#include <shunt/bus/control_generated.h>\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("schemas/src/b.cpp:1: schemas may not include")));
}

TEST_F(Includes, a_header_of_ours_that_nobody_has_is_named) {
  tree.write("host/src/stray.cpp", "#include <shunt/no_such.hpp>\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("which belongs to nobody")));
}

TEST_F(Includes, only_the_bus_and_what_measures_against_it_include_iceoryx) {
  tree.write("host/src/pool.cpp", "#include <iceoryx_posh/mepoo/mepoo_config.hpp>\n");
  tree.write("tests/bus/pool_test.cpp", "#include \"iceoryx_hoofs/cxx/optional.hpp\"\n");
  tree.write("bench/src/iceoryx.cpp", "#include <iceoryx_posh/popo/publisher.hpp>\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("host may not include <iceoryx_posh/mepoo/mepoo_config.hpp>"),
                                      HasSubstr("tests may not include <iceoryx_hoofs/cxx/optional.hpp>")));
}

TEST_F(Includes, only_the_plugin_kit_and_tests_include_seccomp) {
  tree.write("host/src/filter.cpp", "#include <linux/seccomp.h>\n");
  tree.write("bus/src/filter.cpp", "#include <seccomp.h>\n");

  EXPECT_THAT(breaches(), ElementsAre(HasSubstr("bus may not include <seccomp.h>"),
                                      HasSubstr("host may not include <linux/seccomp.h>")));
}

TEST_F(Includes, users_of_iceoryx_internals_are_counted) {
  tree.write("bus/src/another.cpp", "#include <iceoryx_posh/internal/mepoo/mem_pool.hpp>\n");

  EXPECT_EQ(users_of_iceoryx_internals(tree.path()).size(), 2u);
}

TEST(SourceTree, no_file_includes_what_its_layer_may_not) {
  EXPECT_THAT(include_breaches(SHUNT_SOURCE_TREE), IsEmpty());
}

TEST(SourceTree, one_file_wraps_the_internals_of_iceoryx) {
  EXPECT_LE(users_of_iceoryx_internals(SHUNT_SOURCE_TREE).size(), 1u)
      << ::testing::PrintToString(users_of_iceoryx_internals(SHUNT_SOURCE_TREE));
}

TEST(SourceTree, the_build_draws_the_same_arrows) {
  std::ifstream file{std::filesystem::path{SHUNT_SOURCE_TREE} / "cmake/ShuntLayers.cmake"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::regex line{R"(set\(SHUNT_ARROWS_([a-z-]+) ([a-z -]+)\))"};
  std::map<std::string, std::set<std::string>> drawn;

  for (std::sregex_iterator at{text.begin(), text.end(), line}, end; at != end; ++at) {
    std::istringstream names{(*at)[2].str()};
    drawn[(*at)[1].str()] = {std::istream_iterator<std::string>{names}, {}};
  }

  EXPECT_EQ(drawn, arrows());
}

}  // namespace
}  // namespace shunt::house
