// Follows the day's move. A signal depends on its bar alone, so versions may take turns in the middle of a stream.
#include "momentum_contract.hpp"

#include <cmath>
#include <cstdlib>

namespace {

class Momentum final : public momentum::Contract {
  shunt::Status init(const momentum::Config& config) override {
    threshold_ = config.threshold;
    return {};
  }

  shunt::Status signal(const shunt::Context&, const market::Bar& bar, shunt::Reply<market::Signal>& reply) override {
    return reply.send([&](auto& build) { return decide(build, bar); });
  }

  shunt::Status on_market_bars(const shunt::Context&, const shunt::Received<market::Bar>& bar) override {
    return publish_market_signals([&](auto& build) { return decide(build, *bar); });
  }

  /// What no price can be counts as none.
  static std::int64_t cents(double price) { return price > 0 && price < 1e9 ? std::llround(price * 100) : 0; }

  /// In whole cents: the same decision on every machine.
  template <typename Builder>
  flatbuffers::Offset<market::Signal> decide(Builder& build, const market::Bar& bar) const {
    const auto open = cents(bar.open());
    const auto move = cents(bar.close()) - open;
    const auto strength = open > 0 ? std::abs(move) * 1'000'000 / open : 0;
    const auto direction = strength < threshold_ || move == 0 ? market::Direction::Hold
                           : move > 0                         ? market::Direction::Buy
                                                              : market::Direction::Sell;
    return market::CreateSignal(build, bar.sequence(), direction, bar.close(), momentum::kVersionMinor,
                                static_cast<std::uint32_t>(strength));
  }

  std::int64_t threshold_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Momentum)
