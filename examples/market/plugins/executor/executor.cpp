// Asks risk about every signal and fills what it lets through, at the close. Money is whole cents.
#include "executor_contract.hpp"

#include <cmath>
#include <cstdlib>

namespace {

constexpr std::int64_t kStrengthPerLot = 1000;  // a move of 0.1 % buys or sells one lot

class Executor final : public executor::Contract {
  shunt::Status on_market_signals(const shunt::Context& context,
                                  const shunt::Received<market::Signal>& signal) override {
    const auto wanted = static_cast<std::int64_t>(signal->direction()) * (signal->strength() / kStrengthPerLot);
    SHUNT_TRY(verdict, calls().risk_check(context, [&](auto& build) {
      return market::CreateOrder(build, signal->sequence(), wanted, signal->close());
    }));

    const auto price_cents = std::llround(signal->close() * 100);
    const auto quantity = verdict->allowed() ? verdict->quantity() : 0;
    ++fills_;
    position_ += quantity;
    cash_cents_ -= quantity * price_cents;
    turnover_cents_ += static_cast<std::uint64_t>(std::abs(quantity) * price_cents);
    return publish_market_fills([&](auto& build) {
      return market::CreateFill(build, signal->sequence(), signal->version(), quantity, price_cents, fills_, position_,
                                cash_cents_, turnover_cents_);
    });
  }

  std::uint64_t fills_ = 0;
  std::int64_t position_ = 0;
  std::int64_t cash_cents_ = 0;
  std::uint64_t turnover_cents_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Executor)
