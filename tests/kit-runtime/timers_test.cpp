/// Timers and health as a plugin in C has them, driven by a host in miniature.
#include "test_host.hpp"

#include <shunt/plugin.h>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using bus::Ring;

constexpr std::uint32_t kFunction = 11;

class RuntimeTimers : public testing::Test {
 protected:
  RuntimeTimers() : host_({.plugin = TIMER_PLUGIN, .functions = {kFunction}, .topics_out = {21}}) {
    EXPECT_EQ(host_.start().code, 0);
  }

  TestHost host_;
};

TEST_F(RuntimeTimers, one_runs_until_it_cancels_itself_and_is_released_once) {
  host_.activate();

  EXPECT_EQ(host_.call(kFunction, "start").text(), "0");
  for (const char* text : {"1 1 1", "2 1 1", "3 1 1"}) EXPECT_EQ(host_.next(Ring::Data).text(), text);

  host_.await([&] { return host_.call(kFunction, "how often").text() == "1"; });
  EXPECT_EQ(host_.call(kFunction, "how often").text(), "1");
}

TEST_F(RuntimeTimers, one_that_cannot_be_is_refused_with_what_is_wrong_and_released) {
  host_.activate();

  const Answer refused = host_.call(kFunction, "wrong");

  EXPECT_EQ(refused.header.status, static_cast<std::uint16_t>(ErrorCode::BadInput) + 1);
  EXPECT_NE(refused.failure().find("period (-1 ns)"), std::string::npos) << refused.failure();
  EXPECT_EQ(host_.call(kFunction, "how often").text(), "1");
}

TEST_F(RuntimeTimers, a_health_that_is_none_is_told_as_not_serving_before_activate_is_answered) {
  host_.activate();

  ASSERT_TRUE(host_.health());
  EXPECT_EQ(host_.health()->state, control::HealthState::NotServing);
  EXPECT_EQ(host_.health()->reason, "its health is 7, which is none");
}

}  // namespace
}  // namespace shunt::test
