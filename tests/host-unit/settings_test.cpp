#include "settings.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

using testing::HasSubstr;

Manifest manifest_with(std::vector<ConfigKey> keys) {
  Manifest manifest;
  manifest.name = "momentum";
  manifest.config = std::move(keys);
  return manifest;
}

PluginConfiguration plugin_with(std::map<std::string, ConfigValue> config) {
  return {.path = "libmomentum.so", .config = std::move(config), .origin = "host.toml:3:1"};
}

const ConfigKey kWindow{
    .name = "window", .type = ConfigType::Int, .minimum = "2", .maximum = "500", .default_value = "20"};
const ConfigKey kRatio{.name = "ratio", .type = ConfigType::Float, .minimum = "0", .maximum = "1"};
const ConfigKey kDry{.name = "dry", .type = ConfigType::Bool};
const ConfigKey kMode{.name = "mode", .type = ConfigType::String, .required = true, .pattern = "fast|slow"};

TEST(Settings, come_in_the_manifests_order_as_text_with_defaults_filled_in) {
  const auto settings = resolve_settings(manifest_with({kWindow, kRatio, kDry, kMode}),
                                         plugin_with({{"mode", {"fast"}}, {"dry", {true}}, {"ratio", {0.1}}}));

  ASSERT_TRUE(settings) << to_string(settings.error());
  EXPECT_EQ(*settings, (std::vector<Setting>{{"window", "20"}, {"ratio", "0.1"}, {"dry", "true"}, {"mode", "fast"}}));
}

TEST(Settings, a_key_without_value_and_default_is_left_out) {
  const auto settings = resolve_settings(manifest_with({kRatio}), plugin_with({}));

  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->empty());
}

TEST(Settings, a_whole_number_is_a_float_as_well) {
  const auto settings = resolve_settings(manifest_with({kRatio}), plugin_with({{"ratio", {1}}}));

  ASSERT_TRUE(settings) << to_string(settings.error());
  EXPECT_EQ(settings->at(0).value, "1");
}

struct Refusal {
  ConfigKey key;
  ConfigValue value;
  const char* sentence;
};

void PrintTo(const Refusal& refusal, std::ostream* stream) { *stream << refusal.key.name << ": " << refusal.sentence; }

class RefusedSetting : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedSetting, is_refused_with_its_place_its_key_and_what_was_meant) {
  auto value = GetParam().value;
  value.origin = "host.toml:7:12";

  const auto settings = resolve_settings(manifest_with({GetParam().key}), plugin_with({{GetParam().key.name, value}}));

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(settings.error().message,
              testing::StartsWith("host.toml:7:12: config." + GetParam().key.name + " of plugin momentum "));
  EXPECT_THAT(settings.error().message, HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedSetting,
    testing::Values(Refusal{kWindow, {1}, "is \"1\"; an int from 2 to 500 is meant"},
                    Refusal{kWindow, {501}, "from 2 to 500"}, Refusal{kWindow, {20.0}, "is a float; an int is meant"},
                    Refusal{kWindow, {"20"}, "is a string"}, Refusal{kRatio, {1.5}, "a float from 0 to 1"},
                    Refusal{kRatio, {true}, "is a bool"},
                    Refusal{kRatio, {std::numeric_limits<double>::quiet_NaN()}, "a float from 0 to 1"},
                    Refusal{kRatio, {std::numeric_limits<double>::infinity()}, "a float from 0 to 1"},
                    Refusal{kDry, {1}, "is an int; a bool is meant"}, Refusal{kMode, {"faster"}, "matches /fast|slow/"},
                    Refusal{kMode, {std::string("fast\0", 5)}, "a string is meant"},
                    Refusal{kMode, {std::string(kSettingBytesMax + 1, 'a')}, "at most 4096"}));

TEST(Settings, an_unknown_key_is_refused_with_the_one_that_was_meant) {
  const auto settings =
      resolve_settings(manifest_with({kWindow}), plugin_with({{"windw", {.value = 20, .origin = "host.toml:9:2"}}}));

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadConfiguration);
  EXPECT_EQ(settings.error().message,
            "host.toml:9:2: plugin momentum has no config key \"windw\"; did you mean \"window\"?");
}

TEST(Settings, a_required_key_that_is_missing_is_named_with_the_plugins_place) {
  const auto settings = resolve_settings(manifest_with({kMode}), plugin_with({}));

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadConfiguration);
  EXPECT_EQ(settings.error().message,
            "host.toml:3:1: plugin momentum needs config.mode (string), which is not given; add it");
}

TEST(Settings, a_key_that_is_given_twice_is_refused) {
  const GivenSetting given[] = {{"window", ConfigType::Int, "20"}, {"window", ConfigType::Int, "30", "here"}};

  const auto settings = resolve_settings(manifest_with({kWindow}), given);

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadConfiguration);
  EXPECT_EQ(settings.error().message, "config.window of plugin momentum is given twice; leave one out");
}

TEST(Settings, built_in_code_have_no_place_in_their_messages) {
  const auto settings = resolve_settings(manifest_with({kMode}), {.path = "libmomentum.so"});

  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, testing::StartsWith("plugin momentum needs"));
}

TEST(Settings, a_pattern_that_is_no_expression_is_the_plugins_fault) {
  auto key = kMode;
  key.pattern = "(";

  const auto settings = resolve_settings(manifest_with({key}), plugin_with({{"mode", {"fast"}}}));

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadManifest);
}

TEST(Settings, a_default_that_its_own_pattern_refuses_is_the_plugins_fault) {
  auto key = kMode;
  key.required = false;
  key.default_value = "medium";

  const auto settings = resolve_settings(manifest_with({key}), plugin_with({}));

  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::BadManifest);
}

TEST(Settings, a_pattern_that_would_take_exponential_time_is_answered_at_once) {
  auto key = kMode;
  key.pattern = "(a+)+b";

  const auto settings = resolve_settings(manifest_with({key}), plugin_with({{"mode", {std::string(200, 'a')}}}));

  EXPECT_FALSE(settings);
}

TEST(Serving, of_a_plugin_with_state_is_one_instance) {
  Manifest manifest = manifest_with({});
  manifest.state = {{1, {"position.State1", {}}}};
  PluginConfiguration plugin = plugin_with({});
  EXPECT_TRUE(resolve_serving(manifest, plugin));
  plugin.instances = 2;

  const auto refused = resolve_serving(manifest, plugin);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(refused.error().message, HasSubstr("host.toml:3:1: plugin momentum has [state] and 2 instances"));
}

}  // namespace
}  // namespace shunt
