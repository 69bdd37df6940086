// Answers with the number of its build. What else it has, and what goes wrong, is compiled in: builds of one plugin.
#include "clerk_contract.hpp"

#include <atomic>

namespace {

class Clerk final : public clerk::Contract {
  shunt::Status validate() override {
#ifdef FAILS
    return shunt::error(shunt::ErrorCode::PluginFailed, "build {} fails on purpose", BUILD);
#else
    return {};
#endif
  }

  shunt::Status answer(const shunt::Context&, const clerks::Question& question,
                       shunt::Reply<clerks::Answer>& reply) override {
    return reply.send([&](auto& build) {
      clerks::AnswerBuilder answer{build};
      answer.add_number(static_cast<std::uint32_t>(question.number()));
      answer.add_build(BUILD);
#ifdef DOUBLES
      answer.add_doubled(2 * std::uint64_t{question.number()});
#endif
      return answer.Finish();
    });
  }

#ifdef TALLIES
  shunt::Status tally(const shunt::Context&, const clerks::Nothing&, shunt::Reply<clerks::Count>& reply) override {
    return reply.send([&](auto& build) { return clerks::CreateCount(build, notes_, BUILD); });
  }
#endif
#ifdef GREETS
  shunt::Status greet(const shunt::Context&, const clerks::Nothing&, shunt::Reply<clerks::Count>& reply) override {
    return reply.send([&](auto& build) { return clerks::CreateCount(build, 0, BUILD); });
  }
#endif

  shunt::Status on_clerk_notes(const shunt::Context&, const shunt::Received<clerks::Note>& note) override {
    ++notes_;
#ifdef TELLS
    return publish_clerk_news([&](auto& build) { return clerks::CreateNews(build, note->number(), BUILD); });
#else
    return static_cast<void>(note), shunt::Status{};
#endif
  }

  std::atomic<std::uint32_t> notes_{0};
};

}  // namespace

SHUNT_PLUGIN(Clerk)
