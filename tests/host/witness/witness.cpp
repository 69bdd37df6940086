// One handler asks two plugins, again and again: it is a chain that a switch of both may fall into.
#include "witness_contract.hpp"

#include <unistd.h>

namespace {

class Witness final : public witness::Contract {
  /// `count` times; answers with the version that served all along. Errors: BadInput, when it was not one.
  shunt::Status look(const shunt::Context& context, const stage::Order& order,
                     shunt::Reply<stage::Outcome>& reply) override {
    std::uint32_t version = 0;
    for (std::uint32_t i = 0; i < order.count(); ++i) {
      SHUNT_TRY(actor, calls().actor_act(context, [](auto& build) { return stage::CreateOrder(build); }));
      SHUNT_TRY(partner, calls().partner_act(context, [](auto& build) { return stage::CreateOrder(build); }));
      if (i == 0) version = actor->version();
      if (actor->version() != version || partner->version() != version)
        return shunt::error(shunt::ErrorCode::BadInput, "began with {}, and asks {} and {} now", version,
                            actor->version(), partner->version());
      ::usleep(50);
    }
    return reply.send(
        [&](auto& build) { return stage::CreateOutcome(build, order.number(), build.CreateString(""), 0, version); });
  }
};

}  // namespace

SHUNT_PLUGIN(Witness)
