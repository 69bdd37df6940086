// A plugin that leaves its work to a library.
#include "borrower_contract.hpp"

extern "C" std::uint64_t lend(std::uint64_t number);

namespace {

class Borrower final : public borrower::Contract {
  shunt::Status act(const shunt::Context& /*context*/, const stage::Order& order,
                    shunt::Reply<stage::Outcome>& reply) override {
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, lend(order.number())); });
  }
};

}  // namespace

SHUNT_PLUGIN(Borrower)
