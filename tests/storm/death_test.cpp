// What a death must not take along, and what it must not bring about a third time.

#include "item.hpp"
#include "killer.hpp"
#include "leftovers.hpp"
#include "waiting.hpp"
#include "witness_client.hpp"

#include <gtest/gtest.h>

namespace storm {
namespace {

using shunt::ErrorCode;
using shunt::ReadMode;

constexpr std::uint32_t kLargeId = 64;
static_assert(filler_bytes(kLargeId) > 4096, "travels in a chunk, which is not copied where the route says so");

class HeldReply : public testing::TestWithParam<ReadMode> {};

TEST_P(HeldReply, stays_readable_after_its_instance_was_killed_and_its_host_destroyed) {
  { const HostUnderStorm warm_up; }  // libraries keep threads once they are used
  const Census before = take_census();

  {
    HostUnderStorm storm{{.read = GetParam()}};
    Killer killer{storm, 3};
    auto witness = storm.host().client<witness::Client>();
    ASSERT_TRUE(witness);
    const auto reply = witness->ask(item(Sheet::Asked, kLargeId));
    ASSERT_TRUE(reply) << to_string(reply.error());
    const auto instance = find_instance(storm.host(), "witness");
    ASSERT_TRUE(instance);

    ASSERT_EQ(killer.kill(*instance), "");
    EXPECT_TRUE(is_item(**reply, Sheet::Asked, kLargeId));
    ASSERT_TRUE(eventually([&] { return find_instance(storm.host(), "witness", instance->instance).has_value(); }));
    const auto next = witness->ask(item(Sheet::Asked, kLargeId + 1));
    ASSERT_TRUE(next) << to_string(next.error());
    EXPECT_TRUE(is_item(**reply, Sheet::Asked, kLargeId));
    storm.end();
    EXPECT_TRUE(is_item(**reply, Sheet::Asked, kLargeId));
  }

  EXPECT_TRUE(eventually([&] { return take_census() == before; }))
      << "before: " << to_string(before) << "; after: " << to_string(take_census());
}

INSTANTIATE_TEST_SUITE_P(Read, HeldReply, testing::Values(ReadMode::Copy, ReadMode::InPlace),
                         [](const auto& mode) { return mode.param == ReadMode::Copy ? "copied" : "in_place"; });

class Poison : public testing::Test {
 protected:
  /// By witness.
  [[nodiscard]] std::uint64_t unknown(std::string_view route) {
    for (const auto& each : storm.host().snapshot().routes)
      for (const auto& receiver : each.receivers)
        if (each.name == route && receiver.plugin == "witness") return receiver.unknown;
    return 0;
  }
  /// Handlers entered for message 1 of this sheet: fresh, and marked as redelivered.
  void expect_entered(Sheet sheet, int fresh, int flagged) {
    const Entry& entry = storm.evidence().entry(sheet, 1);
    EXPECT_EQ(entry.fresh, fresh);
    EXPECT_EQ(entry.flagged, flagged);
    EXPECT_EQ(entry.done, 0);
  }
  void expect_serving() {
    const auto reply = witness->ask(item(Sheet::Asked, 2));
    EXPECT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ(storm.settle(), "");
  }

  HostUnderStorm storm;
  shunt::Result<witness::Client> witness = storm.host().client<witness::Client>();
};

TEST_F(Poison, an_idempotent_call_that_ends_two_instances_is_reported_and_never_sent_a_third_time) {
  const auto reply = witness->ask(item(Sheet::Asked, 1, true));

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::OutcomeUnknown);
  expect_serving();
  expect_entered(Sheet::Asked, 1, 1);
  EXPECT_EQ(unknown("witness/ask"), 1u);
}

TEST_F(Poison, a_call_that_is_not_idempotent_is_reported_at_its_first_instances_end) {
  const auto reply = witness->order(item(Sheet::Ordered, 1, true));

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::OutcomeUnknown);
  expect_serving();
  expect_entered(Sheet::Ordered, 1, 0);
  EXPECT_EQ(unknown("witness/order"), 1u);
}

TEST_F(Poison, an_idempotent_publication_that_ends_two_instances_is_counted_and_never_sent_a_third_time) {
  const auto publisher = storm.host().publisher<Item>("storm.repeated");
  ASSERT_TRUE(publisher);
  ASSERT_TRUE(publisher->publish(item(Sheet::Repeated, 1, true)));

  ASSERT_TRUE(eventually([&] { return unknown("storm.repeated") == 1; })) << describe(storm.host());
  expect_serving();
  expect_entered(Sheet::Repeated, 1, 1);
}

TEST_F(Poison, a_publication_that_is_not_idempotent_is_counted_at_its_first_instances_end) {
  const auto publisher = storm.host().publisher<Item>("storm.told");
  ASSERT_TRUE(publisher);
  ASSERT_TRUE(publisher->publish(item(Sheet::Told, 1, true)));  // relay, which hears it too, ends as well

  ASSERT_TRUE(eventually([&] { return unknown("storm.told") == 1; })) << describe(storm.host());
  expect_serving();
  expect_entered(Sheet::Told, 1, 0);
  EXPECT_EQ(storm.evidence().entry(Sheet::ToldToo, 1).fresh, 1);
}

}  // namespace
}  // namespace storm
