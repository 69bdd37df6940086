// The phases of a plugin under a runner, in every order, and what they throw.
#include "probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

TEST(RunnerPhases, run_in_order_and_again_as_another_instance_after_cleanup) {
  ProbeRunner probe(probe_plugin(), with({{"verbose", true}, {"window", 33}}));

  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(said(probe.init()), "success");
    EXPECT_EQ(said(probe.init()), "success");
    EXPECT_EQ(said(probe.validate()), "success");
    EXPECT_EQ(said(probe.activate()), "success");
    EXPECT_EQ(said(probe.call<"echo">(question(life))), "success");
    for (int times = 0; times < 3; ++times) probe.cleanup();
  }

  ASSERT_EQ(probe.log().size(), 2u);
  EXPECT_EQ(probe.log()[1].text, "validate with window 33");
  EXPECT_EQ(probe.log()[1].level, kit::LogLevel::Info);
}

TEST(RunnerPhases, out_of_turn_are_refused_as_the_launcher_refuses_them) {
  ProbeRunner probe(probe_plugin(), with());

  EXPECT_EQ(said(probe.validate()), "BadInput: Validate is out of turn");
  ASSERT_TRUE(probe.init());
  EXPECT_EQ(said(probe.activate()), "BadInput: Activate is out of turn");
  ASSERT_TRUE(probe.validate());
  ASSERT_TRUE(probe.activate());
  EXPECT_EQ(said(probe.init()), "BadInput: Init is out of turn");
  probe.cleanup();
  EXPECT_EQ(said(probe.activate()), "BadInput: Activate is out of turn");
}

TEST(RunnerPhases, that_fail_say_why_and_init_may_be_tried_again) {
  Settings nobody;
  nobody.add("account", "nobody");
  ProbeRunner probe(probe_plugin(), nobody);

  EXPECT_EQ(said(probe.init()), "BadConfiguration: nobody has no account");
  EXPECT_EQ(said(probe.init()), "BadConfiguration: nobody has no account");
  EXPECT_EQ(said(probe.validate()), "BadInput: Validate is out of turn");
}

TEST(RunnerPhases, that_throw_have_failed) {
  Settings thrower;
  thrower.add("account", "thrower");

  EXPECT_EQ(said(ProbeRunner(probe_plugin(), thrower).start()), "PluginFailed: init threw");
  EXPECT_EQ(said(ProbeRunner(probe_plugin(), with({{"mode", "fast"}})).start()),
            "PluginFailed: something that is not a std::exception");
}

TEST(RunnerPhases, health_is_what_the_plugin_says_and_not_serving_before_there_is_one) {
  ProbeRunner probe(probe_plugin(), with({{"ratio", 0.05}}));

  EXPECT_EQ(probe.health(), Health::NotServing);
  ASSERT_TRUE(probe.init());
  EXPECT_EQ(probe.health(), Health::Degraded);
}

TEST(RunnerPhases, a_required_key_that_nobody_gives_is_refused_before_the_plugin_is_made) {
  ProbeRunner probe(probe_plugin());

  EXPECT_EQ(said(probe.init()),
            "BadConfiguration: plugin probe needs config.account (string), which is not given; add it");
  EXPECT_EQ(probe.health(), Health::NotServing);
}

/// Plugins that are wrong from the start.
struct ThrowsWhenMade : probe::Contract {
  ThrowsWhenMade() { throw std::runtime_error("no memory for the book"); }
  Status init(const probe::Config&) override { return {}; }
  Status flat(LastWill<probe::Response>&) override { return {}; }
  Status echo(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status large(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status silent(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status twice(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status throws(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status throws_late(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status refuses(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status asks(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status describes(const Context&, const probe::Question&, Reply<probe::Response>&) override { return {}; }
  Status on_probe_questions(const Context&, const Received<probe::Question>&) override { return {}; }
};

TEST(RunnerPhases, a_constructor_that_throws_is_the_failure_of_init) {
  Runner<ThrowsWhenMade> plugin(with());

  EXPECT_EQ(said(plugin.init()), "PluginFailed: no memory for the book");
}

TEST(RunnerPhases, a_descriptor_that_the_launcher_would_refuse_is_refused) {
  shunt_plugin other_abi = probe_plugin();
  other_abi.abi = 7;
  shunt_plugin without_receive = probe_plugin();
  without_receive.receive = nullptr;

  EXPECT_THAT(said(ProbeRunner(other_abi, with()).init()),
              testing::StartsWith("LayoutMismatch: the plugin is built for C ABI 7, this "));
  EXPECT_EQ(said(ProbeRunner(without_receive, with()).init()),
            "NotAPlugin: the plugin's descriptor has no `receive`: fill it in");
}

}  // namespace
}  // namespace shunt::test
