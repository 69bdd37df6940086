/// docs/host-toml.md names every key that the parser knows and none other, and its examples are what it says they are.

#include <shunt/host/configuration.hpp>

#include <documented_keys.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <temporary_directory.hpp>

namespace shunt {
namespace {

Result<HostConfiguration> read(std::string_view text) {
  const test::TemporaryDirectory directory;
  return read_configuration(directory.write("host.toml", text));
}

/// Longer than a word that somebody could have mistyped: the refusal lists what is known.
const std::string kUnknownKey(70, 'x');

/// The keys that the parser names when it refuses kUnknownKey, which stands somewhere in `text`.
std::set<std::string> known_where(const std::string& text) {
  const auto refused = read(text);
  if (refused) throw std::runtime_error("an unknown key was taken");
  constexpr std::string_view kList = "known here: ";
  const auto start = refused.error().message.find(kList);
  if (start == std::string::npos) throw std::runtime_error(refused.error().message);
  return test::words_of(std::string_view{refused.error().message}.substr(start + kList.size()));
}

const test::Page& page() {
  static const test::Page kPage{SHUNT_DOCS "/host-toml.md"};
  return kPage;
}

TEST(HostTomlPage, it_names_every_key_that_the_parser_knows_and_none_other) {
  const std::string unknown = kUnknownKey + " = 1\n";

  EXPECT_EQ(page().keys("The file"), known_where(unknown));
  EXPECT_EQ(page().keys("[host]"), known_where("[host]\n" + unknown));
  EXPECT_EQ(page().keys("[trust]"), known_where("[trust]\n" + unknown));
  EXPECT_EQ(page().keys("[sandbox]"), known_where("[sandbox]\n" + unknown));
  EXPECT_EQ(page().keys("[bridges.iceoryx]"), known_where("[bridges.iceoryx]\n" + unknown));
  EXPECT_EQ(page().keys("[bridges.dds]"), known_where("[bridges.dds]\n" + unknown));
  EXPECT_EQ(page().keys("bridges.dds.topics.\"name\""), known_where("[bridges.dds.topics.\"a.b\"]\n" + unknown));
  EXPECT_EQ(page().keys("[[plugin]]"), known_where("[[plugin]]\n" + unknown));
  EXPECT_EQ(page().keys("sandbox"), known_where("[[plugin]]\n[plugin.sandbox]\n" + unknown));
  EXPECT_EQ(page().keys("deadlines"), known_where("[[plugin]]\n[plugin.deadlines]\n" + unknown));
  EXPECT_EQ(page().keys("restart"), known_where("[[plugin]]\n[plugin.restart]\n" + unknown));
  EXPECT_EQ(page().keys("[routes.\"name\"]"), known_where("[routes.\"a/b\"]\n" + unknown));
  EXPECT_EQ(page().keys("breaker"), known_where("[routes.\"a/b\"]\n[routes.\"a/b\".breaker]\n" + unknown));
}

TEST(HostTomlPage, its_defaults_are_the_defaults) {
  auto written = read(page().block("toml", "Everything, with its default"));

  ASSERT_TRUE(written) << to_string(written.error());
  ASSERT_EQ(written->plugins.size(), 1u);
  ASSERT_EQ(written->routes.size(), 2u);
  const PluginConfiguration plugin{.path = written->plugins[0].path, .origin = written->plugins[0].origin};
  EXPECT_EQ(written->plugins[0], plugin);
  for (RouteConfiguration& route : written->routes) route.origin.clear();
  EXPECT_EQ(written->routes[0], (RouteConfiguration{.name = "momentum/signal", .backlog = kCallsPending}));
  EXPECT_EQ(written->routes[1], (RouteConfiguration{.name = "market.bars", .backlog = kPublicationsPending}));
  written->plugins.clear();
  written->routes.clear();
  EXPECT_EQ(*written, HostConfiguration{});
}

TEST(HostTomlPage, its_small_example_is_accepted) {
  const auto written = read(page().block("toml"));

  ASSERT_TRUE(written) << to_string(written.error());
  EXPECT_EQ(written->plugins.size(), 2u);
}

}  // namespace
}  // namespace shunt
