// Lets orders through up to a quantity. The same in C is c11/collar.c, in Rust rust/collar.rs.
#include "collar_contract.hpp"

#include <algorithm>

namespace {

class Collar final : public collar::Contract {
  shunt::Status init(const collar::Config& config) override {
    quantity_max_ = config.quantity_max;
    return {};
  }

  shunt::Status judge(const shunt::Context&, const collar::Order& order,
                      shunt::Reply<collar::Verdict>& reply) override {
    SHUNT_CHECK(check(order));
    return reply.send([&](auto& build) { return verdict(build, order); });
  }

  shunt::Status on_collar_orders(const shunt::Context&, const shunt::Received<collar::Order>& order) override {
    SHUNT_CHECK(check(*order));
    return publish_collar_verdicts([&](auto& build) { return verdict(build, *order); });
  }

  static shunt::Status check(const collar::Order& order) {
    if (order.price() > 0) return {};
    return shunt::error(shunt::ErrorCode::BadInput, "a price must be above 0");
  }

  template <typename Builder>
  flatbuffers::Offset<collar::Verdict> verdict(Builder& build, const collar::Order& order) const {
    const auto quantity = std::clamp(order.quantity(), -quantity_max_, quantity_max_);
    return collar::CreateVerdict(build, quantity != 0, quantity, collar::Language::Cpp);
  }

  std::int64_t quantity_max_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Collar)
