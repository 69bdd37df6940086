#pragma once
/// The base of tests that ask one running host all the time.

#include "running_host.hpp"

#include <gmock/gmock.h>

namespace shunt::test {

class RunningHostTest : public ProcessTest {
 protected:
  explicit RunningHostTest(const Words& plugins) : host_(plugins) {}

  /// `shunt ARGUMENTS` fails, prints nothing else, and starts to say why with this.
  void expect_refused(const Words& arguments, const std::string& sentence) const {
    const Ran ran = host_.shunt(arguments);
    EXPECT_EQ(ran.code, 1) << testing::PrintToString(arguments);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.errors, testing::StartsWith("shunt: " + sentence));
  }

  RunningHost host_;
};

}  // namespace shunt::test
