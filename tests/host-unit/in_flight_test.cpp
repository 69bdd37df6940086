#include "in_flight.hpp"

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

}  // namespace
}  // namespace shunt::host
