// A plugin: one order for every quote, bought below a fair price and sold above it.
#include "strategy_contract.hpp"  // generated from plugin.toml

#include <algorithm>
#include <cmath>
#include <cstdint>

class Strategy final : public strategy::Contract {
  shunt::Status init(const strategy::Config& config) override {
    fair_ = config.fair;
    most_ = config.most;
    return {};
  }

  shunt::Status check(const shunt::Context&, const trading::Order& order,
                      shunt::Reply<trading::Verdict>& reply) override {
    const bool accepted = std::abs(order.quantity()) <= most_;
    return reply.send([&](auto& build) { return trading::CreateVerdict(build, accepted); });
  }

  shunt::Status on_quotes(const shunt::Context&, const shunt::Received<trading::Quote>& quote) override {
    const double gain = fair_ - (quote->bid() + quote->ask()) / 2;
    const auto quantity = std::clamp<std::int64_t>(std::lround(gain * 10), -most_, most_);
    const double price = quantity > 0 ? quote->ask() : quote->bid();
    return publish_orders([&](auto& build) { return trading::CreateOrder(build, price, quantity); });
  }

  double fair_ = 0;
  std::int64_t most_ = 0;
};

SHUNT_PLUGIN(Strategy)
