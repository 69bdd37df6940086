/// Timers and health of a plugin with several workers: on one of them, one at a time, beside the handlers of messages.
#include "test_host.hpp"

#include <shunt/bus/clock.hpp>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using bus::Kind;
using bus::Ring;
using control::Phase;

// NOLINTBEGIN(readability-identifier-naming): constants, as pacing_plugin.c has them
enum PacingRoute : std::uint32_t { kUntilFired = 700, kUntilAsked, kStartAndAwait, kStop, kReleased, kEndOfPacing };
// NOLINTEND(readability-identifier-naming)

/// Four workers; the plugin ends itself where two timers run side by side, or one and health.
class WorkersTimers : public testing::TestWithParam<bus::Wait> {
 protected:
  WorkersTimers() : host_(options()) {
    EXPECT_EQ(host_.start().code, 0);
    host_.activate();
  }

  static TestHostOptions options() {
    TestHostOptions result;
    result.plugin = PACING_PLUGIN;
    for (std::uint32_t route = kUntilFired; route < kEndOfPacing; ++route) result.functions.push_back(route);
    result.workers = 4;
    result.plugin_wait = GetParam();
    result.health_period = std::chrono::milliseconds{1};
    return result;
  }
  /// All but one worker are in handlers that end with what happens meanwhile.
  void occupy_three(std::uint32_t route) {
    for (int i = 0; i < 3; ++i) host_.send(Kind::Request, route, {}, bus::now_ns() + 60'000'000'000);
    for (int i = 0; i < 3; ++i) {
      const Answer answer = host_.next(Ring::Reply);
      EXPECT_EQ(answer.header.route, route);
      EXPECT_EQ(answer.header.status, 0) << answer.failure();
    }
  }
  void clean_up() {
    EXPECT_EQ(host_.enter(Phase::Cleanup).code, 0);
    EXPECT_EQ(host_.await_exit().code, 0) << "nothing ran beside itself, nor once cleanup had begun";
    EXPECT_EQ(host_.await_all_gone(), 0);
  }

  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(Waiting, WorkersTimers,
                         testing::Values(bus::Wait::Spin, bus::Wait::SpinThenSleep, bus::Wait::Sleep));

TEST_P(WorkersTimers, run_on_one_that_is_free_and_never_two_side_by_side) {
  occupy_three(kUntilFired);

  clean_up();
}

TEST_P(WorkersTimers, health_is_asked_of_one_that_is_free_and_never_twice_at_once) {
  occupy_three(kUntilAsked);

  clean_up();
}

TEST_P(WorkersTimers, one_that_a_handler_starts_runs_while_that_handler_does) {
  EXPECT_EQ(host_.call(kStartAndAwait).header.status, 0);

  host_.await([&] { return host_.call(kReleased).text() == "1"; });
  clean_up();
}

TEST_P(WorkersTimers, those_that_another_one_cancels_are_released_once_each) {
  occupy_three(kUntilFired);

  EXPECT_EQ(host_.call(kStop).header.status, 0);

  host_.await([&] { return host_.call(kReleased).text() == "2"; });
  clean_up();
}

}  // namespace
}  // namespace shunt::test
