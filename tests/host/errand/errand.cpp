// Passes questions on to the clerk, by the types that it was built with.
#include "errand_contract.hpp"

namespace {

class Errand final : public errand::Contract {
  shunt::Status ask(const shunt::Context& context, const clerks::Question& question,
                    shunt::Reply<clerks::Answer>& reply) override {
    SHUNT_TRY(answer, calls().clerk_answer(
                          context, [&](auto& build) { return clerks::CreateQuestion(build, question.number()); }));
    return reply.send([&](auto& build) { return clerks::CreateAnswer(build, answer->number(), answer->build()); });
  }
  shunt::Status count(const shunt::Context& context, const clerks::Nothing&,
                      shunt::Reply<clerks::Count>& reply) override {
    SHUNT_TRY(tally, calls().clerk_tally(context, [](auto& build) { return clerks::CreateNothing(build); }));
    return reply.send([&](auto& build) { return clerks::CreateCount(build, tally->notes(), tally->build()); });
  }
};

}  // namespace

SHUNT_PLUGIN(Errand)
