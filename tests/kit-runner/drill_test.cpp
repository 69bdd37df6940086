// The lifecycle drill finds what a plugin leaves behind, and where.
#include "leaver.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using shunt::test::Runner;
using testing::MatchesRegex;

using LeaverRunner = Runner<Leaver>;

std::string said(const shunt::Status& status) { return status ? "success" : to_string(status.error()); }

class Drill : public testing::Test {
 protected:
  ~Drill() override {
    Leaver::stop_all = true;
    while (Leaver::threads > 0) std::this_thread::yield();
    if (const int left = Leaver::left_descriptor.exchange(-1); left >= 0) ::close(left);
  }
  void SetUp() override { Leaver::stop_all = false; }
};

TEST_F(Drill, a_plugin_that_cleans_up_whatever_phase_fails_passes) {
  EXPECT_EQ(said(LeaverRunner::drill({}, {.init = {{.fails_in = "init"}},
                                          .validate = {{.fails_in = "validate"}},
                                          .activate = {{.fails_in = "activate"}}})),
            "success");
}

TEST_F(Drill, a_descriptor_that_is_left_is_named_with_the_phase_after_which) {
  EXPECT_THAT(said(LeaverRunner::drill({.leaves = "descriptor"})),
              MatchesRegex("PluginFailed: leaver: cleanup after activate left descriptor [0-9]+ \\(/dev/null\\)"));
}

TEST_F(Drill, a_thread_that_is_left_is_counted) {
  EXPECT_EQ(said(LeaverRunner::drill({.leaves = "thread"})),
            "PluginFailed: leaver: cleanup after activate left 1 thread");
}

TEST_F(Drill, what_a_failing_phase_leaves_is_found_too) {
  EXPECT_THAT(said(LeaverRunner::drill({}, {.activate = {{.fails_in = "activate", .leaves = "descriptor"}}})),
              MatchesRegex("PluginFailed: leaver: cleanup after a failing activate left descriptor .*"));
}

TEST_F(Drill, a_second_cleanup_that_is_not_as_the_first_is_found) {
  EXPECT_THAT(said(LeaverRunner::drill({.cleans_once = true})),
              MatchesRegex("PluginFailed: leaver: a second cleanup after init left descriptor .*"));
}

TEST_F(Drill, a_configuration_that_does_not_fail_as_it_was_to_is_the_tests_mistake) {
  EXPECT_EQ(said(LeaverRunner::drill({}, {.validate = {{.fails_in = "activate"}}})),
            "BadInput: leaver: validate succeeded with settings with which it was to fail");
  EXPECT_EQ(said(LeaverRunner::drill({.fails_in = "init"})),
            "PluginFailed: leaver: init failed in the drill: init fails on purpose");
  EXPECT_THAT(said(LeaverRunner::drill({.fails_in = "lunch"})),
              testing::StartsWith("BadConfiguration: config.fails-in of plugin leaver is \""));
}

}  // namespace
