// Prices a currency pair; its second version with half the spread.
#include "pricer_contract.hpp"

#include <string_view>

namespace {

class Pricer final : public pricer::Contract {
  shunt::Status price(const shunt::Context&, const fx::Question& question, shunt::Reply<fx::Price>& reply) override {
    if (question.pair() == nullptr || question.pair()->size() != 6)
      return shunt::error(shunt::ErrorCode::BadInput, "a pair has six letters, such as EURUSD");
    const double middle = question.pair()->string_view() == "EURUSD" ? 1.1 : 1.0;
    const double spread = 0.0004 / pricer::kVersionMajor;
    return reply.send([&](auto& build) {
      return fx::CreatePrice(build, middle - spread / 2, middle + spread / 2, pricer::kVersionMajor);
    });
  }
};

}  // namespace

SHUNT_PLUGIN(Pricer)
