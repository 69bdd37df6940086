// The phases of a plugin and its typed configuration, through the C ABI.
#include "fake_launcher.hpp"
#include "probe_contract.hpp"

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

int code(ErrorCode code) { return static_cast<int>(code); }

std::string refusal(const std::map<std::string, std::string>& settings) {
  FakeLauncher launcher(shunt_plugin_descriptor);
  const auto outcome = launcher.init(settings);
  EXPECT_EQ(outcome.code, code(ErrorCode::BadConfiguration));
  return outcome.text;
}

TEST(Phases, run_in_order_and_again_after_cleanup) {
  FakeLauncher launcher(shunt_plugin_descriptor);

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(launcher.init({{"account", "a"}, {"verbose", "true"}, {"window", "33"}}).code, SHUNT_OK);
    EXPECT_EQ(launcher.validate().code, SHUNT_OK);
    EXPECT_EQ(launcher.log(), "validate with window 33");
    EXPECT_EQ(launcher.activate().code, SHUNT_OK);
    EXPECT_EQ(launcher.health(), SHUNT_SERVING);
    for (int times = 0; times < 3; ++times) launcher.cleanup();
  }
}

TEST(Phases, init_may_be_tried_again_after_it_failed) {
  FakeLauncher launcher(shunt_plugin_descriptor);

  const auto failed = launcher.init({{"account", "nobody"}});

  EXPECT_EQ(failed.code, code(ErrorCode::BadConfiguration));
  EXPECT_EQ(failed.text, "nobody has no account");
  EXPECT_EQ(launcher.init({{"account", "a"}}).code, SHUNT_OK);
}

TEST(Phases, one_that_throws_fails_with_the_backtrace) {
  FakeLauncher launcher(shunt_plugin_descriptor);

  const auto threw = launcher.init({{"account", "thrower"}});

  EXPECT_EQ(threw.code, code(ErrorCode::PluginFailed));
  EXPECT_EQ(threw.text, "init threw [backtrace]");
}

TEST(Phases, one_that_throws_no_exception_is_contained) {
  FakeLauncher launcher(shunt_plugin_descriptor);
  ASSERT_EQ(launcher.init({{"account", "a"}, {"mode", "fast"}}).code, SHUNT_OK);

  EXPECT_EQ(launcher.activate().code, code(ErrorCode::PluginFailed));
}

TEST(Phases, a_text_longer_than_its_place_is_cut_and_ended) {
  FakeLauncher launcher(shunt_plugin_descriptor);
  const auto outcome = launcher.init({{"account", "a"}, {"window", std::string(1000, '9')}});

  EXPECT_EQ(outcome.text.size(), 255u);
}

TEST(Phases, the_last_will_is_left_after_validate) {
  FakeLauncher launcher(shunt_plugin_descriptor);
  ASSERT_EQ(launcher.init({{"account", "a"}, {"window", "33"}}).code, SHUNT_OK);
  EXPECT_EQ(launcher.last_will().count, 0);

  ASSERT_EQ(launcher.validate().code, SHUNT_OK);

  ASSERT_EQ(launcher.last_will().count, 1);
  EXPECT_EQ(launcher.last_will().key, 7u);
  EXPECT_EQ(flatbuffers::GetRoot<probe::Response>(launcher.last_will().payload.data())->number(), 33);
}

TEST(Phases, health_is_what_the_plugin_says) {
  FakeLauncher launcher(shunt_plugin_descriptor);

  ASSERT_EQ(launcher.init({{"account", "a"}, {"ratio", "0.05"}}).code, SHUNT_OK);

  EXPECT_EQ(launcher.health(), SHUNT_DEGRADED);
}

TEST(Phases, a_launcher_with_fewer_services_than_the_plugin_knows_gets_no_plugin) {
  shunt_services older{};
  older.size = sizeof older - sizeof(void*);

  EXPECT_EQ(shunt_plugin_descriptor.create(nullptr, &older), nullptr);
}

TEST(Config, has_the_manifests_defaults) {
  const shunt_setting settings[] = {{"account", "a"}};

  const auto config = probe::parse_config(settings);

  ASSERT_TRUE(config);
  EXPECT_EQ(config->account, "a");
  EXPECT_EQ(config->window, 20);
  EXPECT_DOUBLE_EQ(config->ratio, 0.5);
  EXPECT_FALSE(config->verbose);
  EXPECT_EQ(config->mode, "safe");
}

TEST(Config, refuses_a_missing_key) {
  EXPECT_EQ(refusal({}), "probe: \"account\" is required; set it in the plugin's config");
}

TEST(Config, refuses_an_unknown_key) {
  EXPECT_EQ(refusal({{"account", "a"}, {"windows", "3"}}), "probe: 1 of 2 settings are unknown or given twice");
}

TEST(Config, refuses_values_out_of_range_or_of_another_type) {
  const auto with = [](const char* key, const char* value) { return refusal({{"account", "a"}, {key, value}}); };

  EXPECT_EQ(with("window", "1"), "probe: window = \"1\" is refused: it must be at least 2");
  EXPECT_EQ(with("window", "501"), "probe: window = \"501\" is refused: it must be at most 500");
  EXPECT_EQ(with("window", "20x"), "probe: window = \"20x\" is refused: it must be a whole number");
  EXPECT_EQ(with("window", ""), "probe: window = \"\" is refused: it must be a whole number");
  EXPECT_EQ(with("ratio", "1.5"), "probe: ratio = \"1.5\" is refused: it must be at most 1");
  EXPECT_EQ(with("ratio", "nan"), "probe: ratio = \"nan\" is refused: it must be a finite number");
  EXPECT_EQ(with("verbose", "yes"), "probe: verbose = \"yes\" is refused: it must be true or false");
  EXPECT_EQ(with("mode", "faster"), "probe: mode = \"faster\" is refused: it must be a match of fast|safe");
}

}  // namespace
}  // namespace shunt::test
