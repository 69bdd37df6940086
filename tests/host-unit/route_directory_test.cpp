/// One name, and the routes that it meant and means.
#include "route_info.hpp"

#include <array>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using ::testing::HasSubstr;

constexpr const char* kName = "momentum/signal";

TypeName bar(std::uint64_t hash) { return {"market.Bar", SchemaHash{hash}}; }
TypeName signal(std::uint64_t hash) { return {"market.Signal", SchemaHash{hash}}; }

class Directory : public testing::Test {
 protected:
  RouteInfo* resolve(std::uint64_t request, std::uint64_t reply, OtherTypes others = OtherTypes::Refused) {
    return directory_.resolve(kName, true, bar(request), signal(reply), {others, first_}).value_or(nullptr);
  }
  RouteInfo* declared(std::uint64_t request, std::uint64_t reply) {
    return directory_.declared(kName, true, {request}, {reply}).value_or(nullptr);
  }

  RouteDirectory directory_{{}};
  RouteInfo* const first_ = directory_.resolve(kName, true, bar(1), signal(2)).value();
};

TEST_F(Directory, has_one_route_for_a_name_and_its_types) {
  EXPECT_EQ(resolve(1, 2), first_);
  EXPECT_EQ(resolve(0, 0), first_) << "who does not know the schema";
  EXPECT_EQ(directory_.find(kName), first_);
  EXPECT_EQ(directory_.size(), 1u);
}

TEST_F(Directory, refuses_other_types_and_names_both) {
  const auto other = directory_.resolve(kName, true, bar(1), signal(9));
  const auto asked = directory_.declared(kName, true, {9}, {});
  const auto topic = directory_.declared(kName, false, {}, {});

  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::SchemaMismatch);
  EXPECT_THAT(other.error().message, HasSubstr("carries market.Signal (schema 0000000000000002), not market.Signal "
                                               "(schema 0000000000000009)"));
  ASSERT_FALSE(asked);
  EXPECT_THAT(asked.error().message, HasSubstr("carries market.Bar (schema 0000000000000001)"));
  ASSERT_FALSE(topic);
  EXPECT_THAT(topic.error().message, HasSubstr("is a function and cannot be used as a topic"));
}

TEST_F(Directory, has_one_route_for_types_that_are_alike) {
  EXPECT_EQ(resolve(1, 9, OtherTypes::Alike), first_);

  EXPECT_EQ(resolve(1, 9), first_) << "from then on, for everybody";
  EXPECT_EQ(resolve(1, 2), first_);
  EXPECT_EQ(declared(1, 9), first_);
  EXPECT_EQ(resolve(1, 8), nullptr);
  EXPECT_EQ(directory_.size(), 1u);
}

TEST_F(Directory, has_routes_of_one_name_side_by_side_and_the_name_means_the_one_that_is_preferred) {
  RouteInfo* const second = resolve(3, 2, OtherTypes::Beside);

  ASSERT_NE(second, nullptr);
  EXPECT_NE(second, first_);
  EXPECT_EQ(directory_.find(kName), first_) << "not yet";
  EXPECT_EQ(declared(3, 2), second) << "by its types it is found";
  directory_.prefer(std::array{second});
  EXPECT_EQ(directory_.find(kName), second);
  EXPECT_EQ(declared(0, 0), second);
  EXPECT_EQ(declared(1, 2), first_);
  EXPECT_EQ(resolve(1, 2), first_);
  EXPECT_EQ(resolve(3, 2), second);
  directory_.prefer(std::array{first_});
  EXPECT_EQ(directory_.find(kName), first_) << "and back";
  EXPECT_EQ(directory_.covered_by("momentum/*").size(), 1u);
}

TEST_F(Directory, has_types_alike_to_the_route_that_they_are_alike_to_and_not_to_the_one_that_is_preferred) {
  RouteInfo* const second = resolve(3, 2, OtherTypes::Beside);
  directory_.prefer(std::array{second});

  EXPECT_EQ(resolve(1, 9, OtherTypes::Alike), first_);

  EXPECT_EQ(declared(1, 9), first_);
  EXPECT_EQ(directory_.find(kName), second);
}

TEST_F(Directory, gives_a_route_of_another_kind_no_place_beside) {
  const auto topic = directory_.resolve(kName, false, bar(1), {}, {OtherTypes::Beside});

  ASSERT_FALSE(topic);
  EXPECT_EQ(topic.error().code, ErrorCode::SchemaMismatch);
}

}  // namespace
}  // namespace shunt::host
