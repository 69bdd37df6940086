#include "in_flight.hpp"

#include <array>

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

struct Route : RouteInfo {
  explicit Route(std::uint32_t number) { id = {number}; }
};

TEST(InFlight, a_request_beyond_the_most_of_its_route_is_refused_and_counted_there) {
  InFlightTable table{8};
  const Route one{1}, other{2};
  InFlight first{.route = &one}, second{.route = &one}, third{.route = &one}, elsewhere{.route = &other};

  EXPECT_TRUE(table.add(first, 2));
  EXPECT_TRUE(table.add(second, 2));
  EXPECT_FALSE(table.add(third, 2));
  EXPECT_TRUE(table.add(elsewhere, 1));

  EXPECT_EQ(table.on_route({1}).now, 2u);
  EXPECT_EQ(table.on_route({1}).refused, 1u);
  EXPECT_EQ(table.on_route({2}).now, 1u);
  EXPECT_EQ(table.on_route({2}).refused, 0u);
  EXPECT_TRUE(table.take(first.correlation));
  EXPECT_EQ(table.on_route({1}).now, 1u);
  EXPECT_EQ(table.on_route({1}).refused, 1u) << "for good";
  EXPECT_TRUE(table.add(third, 2));
}

TEST(InFlight, a_full_table_refuses_whatever_the_route_would_take) {
  InFlightTable table{1};
  const Route route{1};
  InFlight first{.route = &route}, second{.route = &route};

  EXPECT_TRUE(table.add(first, 100));
  EXPECT_FALSE(table.add(second, 100));

  EXPECT_EQ(table.size(), table.places());
  EXPECT_EQ(table.on_route({1}).refused, 1u);
}

constexpr std::uint32_t kPlaces = 1000;  // more than are looked at under one lock
constexpr std::uint32_t kNoLimit = kPlaces;

class InFlightRequests : public testing::Test {
 protected:
  InFlightRequests() { route_.id = {1}; }
  /// A target is only a name here.
  Instance* target(std::size_t which) { return reinterpret_cast<Instance*>(&names_[which]); }
  std::uint64_t add(Instance* target, std::uint64_t position) {
    InFlight record;
    record.route = &route_;
    record.target = target;
    record.position = position;
    EXPECT_TRUE(table_.add(record, kNoLimit));
    return record.correlation;
  }

  std::array<std::max_align_t, 3> names_{};
  RouteInfo route_;
  InFlightTable table_{kPlaces};
};

TEST_F(InFlightRequests, the_next_of_each_target_is_the_one_that_stands_first_in_its_ring) {
  add(nullptr, 0);  // waits in a backlog: nobody's turn
  for (std::uint64_t i = 0; i < 600; ++i) add(target(0), 5000 - i);
  add(target(1), 7);
  const auto first = table_.next_of_each().at(target(0)).correlation;

  const auto next = table_.next_of_each();

  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next.at(target(0)).position, 4401u);
  EXPECT_EQ(next.at(target(0)).correlation, first);
  EXPECT_EQ(next.at(target(1)).position, 7u);
}

TEST_F(InFlightRequests, one_that_is_answered_gives_the_turn_to_the_one_behind_it) {
  const auto first = add(target(0), 1);
  const auto second = add(target(0), 2);

  EXPECT_EQ(table_.next_of_each().at(target(0)).correlation, first);
  EXPECT_TRUE(table_.take(first, target(0)));
  EXPECT_EQ(table_.next_of_each().at(target(0)).correlation, second);
  EXPECT_TRUE(table_.take(second, target(0)));
  EXPECT_TRUE(table_.next_of_each().empty());
}

TEST_F(InFlightRequests, one_that_goes_to_another_ring_stands_where_it_was_put_there) {
  const auto moved = add(target(0), 1);
  add(target(2), 5);

  EXPECT_TRUE(table_.set_target(moved, target(2), 9));

  const auto next = table_.next_of_each();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next.at(target(2)).position, 5u);
}

}  // namespace
}  // namespace shunt::host
