/// docs/plugin-toml.md names every key that the manifest compiler knows and none other, and its example compiles.

#include "compiling.hpp"

#include <documented_keys.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

constexpr std::string_view kPlugin =
    "[plugin]\nname = \"momentum\"\nversion = \"1.4.0\"\nabi = 3\nschemas = [\"market.fbs\"]\n";

/// The keys that the compiler names when it refuses the key "unknown", which stands somewhere in `text`.
std::set<std::string> known_where(const std::string& text) {
  const std::string problems = Compiled(text).problems();
  constexpr std::string_view kRefusal = "has no key \"unknown\"; it knows: ";
  const auto start = problems.find(kRefusal);
  if (start == std::string::npos) throw std::runtime_error(problems);
  const auto list = problems.substr(start + kRefusal.size());
  return words_of(list.substr(0, list.find(".\n") == std::string::npos ? list.size() - 1 : list.find(".\n")));
}

std::set<std::string> known_after_plugin(const std::string& text) { return known_where(std::string(kPlugin) + text); }

const Page& page() {
  static const Page kPage{SHUNT_DOCS "/plugin-toml.md"};
  return kPage;
}

TEST(PluginTomlPage, it_names_every_key_that_the_compiler_knows_and_none_other) {
  EXPECT_EQ(page().keys("The file"), known_after_plugin("[unknown]\n"));
  EXPECT_EQ(page().keys("[plugin]"), known_after_plugin("unknown = 1\n"));
  EXPECT_EQ(page().keys("[functions.name]"), known_after_plugin("[functions.signal]\nunknown = 1\n"));
  EXPECT_EQ(page().keys("[calls]"), known_after_plugin("[calls]\n\"risk/check\" = { unknown = 1 }\n"));
  EXPECT_EQ(page().keys("[topics]"), known_after_plugin("[topics]\nunknown = 1\n"));
  EXPECT_EQ(page().keys("topics.in"),
            known_after_plugin("[topics.in]\n\"market.bars\" = { type = \"market.Bar\", unknown = 1 }\n"));
  EXPECT_EQ(page().keys("topics.out"),
            known_after_plugin("[topics.out]\n\"market.bars\" = { type = \"market.Bar\", unknown = 1 }\n"));
  EXPECT_EQ(page().keys("[permissions]"), known_after_plugin("[permissions]\nunknown = 1\n"));
  EXPECT_EQ(page().keys("[serving]"), known_after_plugin("[serving]\nunknown = 1\n"));
  auto config = known_after_plugin("[config]\nwindow = { type = \"int\", default = 1, unknown = 1 }\n");
  config.merge(known_after_plugin("[config]\nmode = { type = \"string\", default = \"\", unknown = 1 }\n"));
  EXPECT_EQ(page().keys("[config]"), config);
}

TEST(PluginTomlPage, its_example_compiles) { EXPECT_EQ(Compiled(page().block("toml")).problems(), ""); }

}  // namespace
}  // namespace shunt::test
