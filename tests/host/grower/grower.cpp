// Answers with its version; the second one has a function more.
#include "grower_contract.hpp"

namespace {

class Grower final : public grower::Contract {
  shunt::Status init(const grower::Config&) override { return {}; }

  shunt::Status old(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    return answer(order, reply);
  }
#ifdef NEWER
  shunt::Status newer(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    return answer(order, reply);
  }
#endif

  static shunt::Status answer(const stage::Order& order, shunt::Reply<stage::Outcome>& reply) {
    return reply.send(
        [&](auto& build) { return stage::CreateOutcome(build, order.number(), 0, 0, grower::kVersionMajor); });
  }
};

}  // namespace

SHUNT_PLUGIN(Grower)
