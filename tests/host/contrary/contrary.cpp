// Is never run: its contract contradicts the actor's.
#include "contrary_contract.hpp"

namespace {

class Contrary final : public contrary::Contract {
  shunt::Status on_actor_news(const shunt::Context&, const shunt::Received<stage::Order>&) override { return {}; }
};

}  // namespace

SHUNT_PLUGIN(Contrary)
