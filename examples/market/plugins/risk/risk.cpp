// Limits on one order at a time; remembers nothing.
#include "risk_contract.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace {

class Risk final : public risk::Contract {
  shunt::Status init(const risk::Config& config) override {
    limits_ = config;
    return {};
  }

  shunt::Status check(const shunt::Context&, const market::Order& order,
                      shunt::Reply<market::Verdict>& reply) override {
    if (!(order.price() > 0 && order.price() < 1e9))
      return shunt::error(shunt::ErrorCode::BadInput, "order {} has the price {}", order.sequence(), order.price());
    const auto quantity = std::clamp(order.quantity(), -limits_.lots_max, limits_.lots_max);
    const bool allowed = std::abs(quantity) * std::llround(order.price() * 100) <= limits_.value_max_cents;
    return reply.send([&](auto& build) { return market::CreateVerdict(build, allowed, allowed ? quantity : 0); });
  }

  risk::Config limits_;
};

}  // namespace

SHUNT_PLUGIN(Risk)
