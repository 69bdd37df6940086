// The market example's plugins in one program: executor, and risk behind it.
#include <shunt/test.hpp>

// NOLINTBEGIN(bugprone-suspicious-include): the plugins, as they are
#include "executor/executor.cpp"
#include "momentum/momentum.cpp"
#include "risk/risk.cpp"
// NOLINTEND(bugprone-suspicious-include)

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using shunt::ErrorCode;
using shunt::test::Runner;

auto bar(double open, double close) {
  return [=](auto& build) { return market::CreateBar(build, 7, 20000103, open, 0, 0, close); };
}

auto signal(market::Direction direction, std::uint32_t strength) {
  return [=](auto& build) { return market::CreateSignal(build, 9, direction, 14.5, 4, strength); };
}

TEST(Momentum, buys_on_a_day_that_rose_and_sells_on_one_that_fell) {
  Runner<Momentum> momentum({.threshold = 500});
  ASSERT_TRUE(momentum.start());

  EXPECT_EQ((*momentum.call<"signal">(bar(1438.5, 1469.25)))->direction(), market::Direction::Buy);
  EXPECT_EQ((*momentum.call<"signal">(bar(1469.25, 1455.2)))->direction(), market::Direction::Sell);
  EXPECT_EQ((*momentum.call<"signal">(bar(1469.25, 1469.3)))->direction(), market::Direction::Hold);
}

class Trading : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(executor.start()); }

  Runner<Executor> executor;
};

TEST_F(Trading, asks_risk_for_a_lot_for_each_thousandth_and_fills_what_it_lets_through) {
  executor.answer<"risk/check">(
      [](auto& build, const market::Order& order) { return market::CreateVerdict(build, true, order.quantity() - 1); });

  ASSERT_TRUE(executor.deliver<"market.signals">(signal(market::Direction::Buy, 21'376)));

  const auto orders = executor.called<"risk/check">();
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0]->sequence(), 9u);
  EXPECT_EQ(orders[0]->quantity(), 21);
  EXPECT_EQ(orders[0].allowed(), 3s);
  const auto fills = executor.published<"market.fills">();
  ASSERT_EQ(fills.size(), 1u);
  EXPECT_EQ(fills[0]->quantity(), 20);
  EXPECT_EQ(fills[0]->cash_cents(), -20 * 1450);
  EXPECT_EQ(executor.answers_held(), 0u);
}

TEST_F(Trading, publishes_nothing_when_risk_cannot_be_reached) {
  executor.answer<"risk/check">(shunt::Error{ErrorCode::NotServing, "risk is switched off"});

  const auto delivered = executor.deliver<"market.signals">(signal(market::Direction::Buy, 21'376));

  ASSERT_FALSE(delivered);
  EXPECT_EQ(to_string(delivered.error()), "NotServing: risk is switched off");
  EXPECT_TRUE(executor.published<"market.fills">().empty());
}

TEST_F(Trading, gets_the_answers_of_risk_itself_from_another_runner) {
  Runner<Risk> risk({.lots_max = 5});
  ASSERT_TRUE(risk.start());
  executor.answer<"risk/check">([&](std::span<const std::uint8_t> order) { return risk.call<"check">(order); });

  ASSERT_TRUE(executor.deliver<"market.signals">(signal(market::Direction::Sell, 21'376)));
  const auto refused = executor.deliver<"market.signals">(
      [](auto& build) { return market::CreateSignal(build, 10, market::Direction::Buy, -1.0, 4, 2'000); });

  ASSERT_EQ(executor.published<"market.fills">().size(), 1u);
  EXPECT_EQ(executor.published<"market.fills">()[0]->quantity(), -5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()), "BadInput: order 10 has the price -1");
}

TEST(MarketPlugins, pass_the_lifecycle_drill) {
  for (const auto& drilled : {Runner<Momentum>::drill(), Runner<Executor>::drill(), Runner<Risk>::drill()})
    EXPECT_TRUE(drilled) << to_string(drilled.error());
}

}  // namespace
