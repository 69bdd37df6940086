/// What two versions did since a stage began, from figures that grow and instances that come and go.
#include "rollout_meter.hpp"

#include "catalog.hpp"

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;

class Meter : public testing::Test {
 protected:
  PluginFigures::OfInstance instance(std::uint64_t id, const PluginVersion& version, std::uint64_t messages) {
    return {id, &version, messages, messages * 1us, messages / 10, messages / 100};
  }

  PluginVersion older_, newer_;
};

TEST_F(Meter, tells_what_came_since_the_stage_began) {
  PluginFigures figures;
  figures.calls[&older_].counts = {.calls = 100, .failed = 3, .slow = 2};
  figures.crashes[&older_] = 4;
  figures.instances = {instance(1, older_, 1000)};
  RolloutMeter meter{figures};
  EXPECT_EQ(meter.of(older_).calls.calls, 0u);

  figures.calls[&older_].counts = {.calls = 160, .failed = 5, .slow = 3};
  figures.calls[&newer_].counts = {.calls = 7, .failed = 1, .slow = 0};
  figures.crashes[&newer_] = 1;
  figures.instances = {instance(1, older_, 1500), instance(2, newer_, 300)};
  figures.shadow = {.compared = 9, .differences = 2};
  meter.look(figures);

  const Measured older = meter.of(older_), newer = meter.of(newer_);
  EXPECT_EQ(older.calls, (CallCounts{.calls = 60, .failed = 2, .slow = 1}));
  EXPECT_EQ(older.messages, 500u);
  EXPECT_EQ(older.cpu, 500us);
  EXPECT_EQ(older.crashes, 0u);
  EXPECT_EQ(newer.calls, (CallCounts{.calls = 7, .failed = 1, .slow = 0}));
  EXPECT_EQ(newer.messages, 300u) << "it started after the stage had begun";
  EXPECT_EQ(newer.quota_refusals, 30u);
  EXPECT_EQ(newer.denials, 3u);
  EXPECT_EQ(newer.crashes, 1u);
  EXPECT_EQ(newer.compared, 9u);
  EXPECT_EQ(newer.differences, 2u);
}

TEST_F(Meter, keeps_what_an_instance_did_that_has_ended) {
  PluginFigures figures;
  figures.instances = {instance(1, newer_, 100)};
  RolloutMeter meter{figures};
  figures.instances = {instance(1, newer_, 400)};
  meter.look(figures);
  figures.instances = {instance(2, newer_, 50)};
  meter.look(figures);

  EXPECT_EQ(meter.of(newer_).messages, 350u);
  EXPECT_EQ(meter.of(older_).messages, 0u);
}

TEST_F(Meter, takes_nothing_from_what_has_become_less_and_keeps_the_time_of_a_process_that_is_gone) {
  PluginFigures figures;
  figures.instances = {instance(1, newer_, 1000)};
  RolloutMeter meter{figures};
  figures.instances = {instance(1, newer_, 3000)};
  meter.look(figures);
  figures.instances = {{.instance = 1, .version = &newer_, .messages = 3000}};  // it writes what it likes, and ends
  meter.look(figures);

  const Measured newer = meter.of(newer_);
  EXPECT_EQ(newer.quota_refusals, 0u);
  EXPECT_EQ(newer.denials, 0u);
  EXPECT_EQ(newer.cpu, 2000us);
}

}  // namespace
}  // namespace shunt::host
