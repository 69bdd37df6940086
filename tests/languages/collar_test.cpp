// The collar under a runner, whichever language it is written in: the program is linked with one of them.
#include "collar_contract.hpp"

#include <shunt/test.hpp>

#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using CollarRunner = Runner<collar::Contract>;

auto order(std::int64_t quantity, double price) {
  return [=](auto& build) { return collar::CreateOrder(build, quantity, price); };
}

template <typename T>
std::string said(const Result<T>& result) {
  return result ? "success" : to_string(result.error());
}

class Collar : public testing::Test {
 protected:
  void SetUp() override {
    const auto started = collar_.start();
    ASSERT_TRUE(started) << said(started);
  }

  CollarRunner collar_{shunt_plugin_descriptor, Settings{{"quantity-max", 10}}};
};

TEST_F(Collar, lets_an_order_through_up_to_its_quantity_either_way) {
  EXPECT_EQ((*collar_.call<"judge">(order(7, 2.5)))->quantity(), 7);
  EXPECT_EQ((*collar_.call<"judge">(order(11, 2.5)))->quantity(), 10);
  EXPECT_EQ((*collar_.call<"judge">(order(-11, 2.5)))->quantity(), -10);
  EXPECT_TRUE((*collar_.call<"judge">(order(-11, 2.5)))->allowed());
  EXPECT_FALSE((*collar_.call<"judge">(order(0, 2.5)))->allowed());
}

TEST_F(Collar, refuses_an_order_without_a_price) {
  EXPECT_EQ(said(collar_.call<"judge">(order(7, -2.5))), "BadInput: a price must be above 0");
  EXPECT_EQ(said(collar_.deliver<"collar.orders">(order(7, 0))), "BadInput: a price must be above 0");
  EXPECT_EQ(said(collar_.call<"judge">(order(7, std::numeric_limits<double>::quiet_NaN()))),
            "BadInput: a price must be above 0");
}

TEST_F(Collar, publishes_a_verdict_for_an_order_that_it_hears) {
  ASSERT_TRUE(collar_.deliver<"collar.orders">(order(12, 2.5)));

  const auto verdicts = collar_.published<"collar.verdicts">();
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0]->quantity(), 10);
  EXPECT_TRUE(verdicts[0]->allowed());
}

TEST_F(Collar, hands_the_error_of_a_service_on) {
  collar_.fill_ring();

  EXPECT_THAT(said(collar_.deliver<"collar.orders">(order(7, 2.5))), testing::StartsWith("RingFull: the ring to"));
}

TEST_F(Collar, has_the_default_of_its_manifest) {
  CollarRunner collar(shunt_plugin_descriptor);
  ASSERT_TRUE(collar.start());

  EXPECT_EQ((*collar.call<"judge">(order(1000, 2.5)))->quantity(), 100);
}

TEST_F(Collar, refuses_or_answers_every_part_of_an_order_and_reads_nothing_else) {
  const auto build = order(7, 2.5);
  const SharedBytes whole = payload<collar::Order>(build);

  for (std::size_t bytes = 0; bytes < whole.span().size(); ++bytes) {
    const auto answer = collar_.call<"judge">(whole.span().first(bytes));
    EXPECT_FALSE(answer) << bytes;
  }
}

TEST_F(Collar, refuses_or_answers_whatever_bytes_it_is_sent) {
  const auto build = order(7, 2.5);
  const SharedBytes good = payload<collar::Order>(build);
  std::mt19937 random(7);
  std::size_t refused = 0;

  for (std::size_t i = 0; i < scaled(200'000); ++i) {
    std::vector<std::uint8_t> bytes(good.span().begin(), good.span().end());
    for (auto changes = 1 + random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random() % 3 == 0 ? 0xff : random());
    const auto answer = collar_.call<"judge">(bytes);
    if (answer) continue;
    ++refused;
    ASSERT_THAT(said(answer), testing::AnyOf(testing::StartsWith("BadPayload"), testing::StartsWith("BadInput")));
  }
  EXPECT_GT(refused, 0u);
}

TEST(CollarLifecycle, passes_the_drill) {
  EXPECT_EQ(said(CollarRunner::drill(shunt_plugin_descriptor, {})), "success");
}

}  // namespace
}  // namespace shunt::test
