// A plugin's validators under the runner: the tail of the host's tests.
#include <shunt/test.hpp>

// NOLINTBEGIN(bugprone-suspicious-include): the plugin, as it is
#include "../host/tail/tail.cpp"
// NOLINTEND(bugprone-suspicious-include)

#include <gmock/gmock.h>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using TailRunner = shunt::test::Runner<Tail>;

auto order(std::uint64_t number) {
  return [number](auto& build) { return stage::CreateOrder(build, stage::Deed::Echo, number); };
}

TEST(RunnerValidators, what_one_refuses_its_handler_never_sees_and_its_caller_hears) {
  TailRunner tail{tail::Config{.refuse = 13}};
  ASSERT_TRUE(tail.start());

  const auto refused = tail.call<"act">(order(13));
  const auto accepted = tail.call<"act">(order(12));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, shunt::ErrorCode::ValidationFailed);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("tail/act"), HasSubstr("stage.Order"), HasSubstr("the number is 13")));
  EXPECT_TRUE(accepted);
  EXPECT_EQ(tail.published<"tail.news">().size(), 1u) << "its handler publishes each time";
  EXPECT_EQ(tail.validated("stage.Order").checked, 2u);
  EXPECT_EQ(tail.validated("stage.Order").refused, 1u);
}

TEST(RunnerValidators, a_publication_that_one_refuses_is_dropped) {
  TailRunner tail{tail::Config{.refuse = 13}};
  ASSERT_TRUE(tail.start());

  const auto refused = tail.deliver<"pacer.news">([](auto& build) { return stage::CreateNews(build, 13); });

  EXPECT_EQ(refused.error().code, shunt::ErrorCode::ValidationFailed);
  EXPECT_TRUE(tail.published<"tail.news">().empty());
}

TEST(RunnerValidators, one_that_throws_refuses) {
  TailRunner tail{tail::Config{.refuse = -1}};
  ASSERT_TRUE(tail.start());

  EXPECT_EQ(tail.call<"act">(order(1)).error().code, shunt::ErrorCode::ValidationFailed);
}

TEST(RunnerValidators, a_plugin_without_them_is_asked_nothing) {
  TailRunner tail;
  ASSERT_TRUE(tail.start());

  EXPECT_TRUE(tail.call<"act">(order(13)));
  EXPECT_EQ(tail.validated("stage.Order").checked, 0u);
}

}  // namespace
