// Quotes what the pricer says. Nothing here is about hints: they go along by themselves.
#include "desk_contract.hpp"

namespace {

class Desk final : public desk::Contract {
  shunt::Status quote(const shunt::Context& context, const fx::Question& question,
                      shunt::Reply<fx::Price>& reply) override {
    SHUNT_TRY(price, calls().pricer_price(context, [&](auto& build) {
      return fx::CreateQuestion(build, build.CreateString(question.pair()));
    }));
    return reply.send(
        [&](auto& build) { return fx::CreatePrice(build, price->bid(), price->ask(), price->version()); });
  }
};

}  // namespace

SHUNT_PLUGIN(Desk)
