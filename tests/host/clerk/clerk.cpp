// Answers with the number of its build. What else it has, and what goes wrong, is compiled in: builds of one plugin.
#include "clerk_contract.hpp"

#include <atomic>

#include <unistd.h>

namespace {

class Clerk final : public clerk::Contract {
  shunt::Status init(const clerk::Config& config) override {
    config_ = config;
    return {};
  }
  shunt::Status validate() override {
#ifdef FAILS
    return shunt::error(shunt::ErrorCode::PluginFailed, "build {} fails on purpose", BUILD);
#else
    return {};
#endif
  }

  shunt::Status answer(const shunt::Context&, const clerks::Question& question,
                       shunt::Reply<clerks::Answer>& reply) override {
    const std::int64_t nth = ++answers_;
    const auto is_due = [&](std::int64_t every) { return every > 0 && nth % every == 0; };
    if (config_.delay_us > 0) ::usleep(static_cast<useconds_t>(config_.delay_us));
    if (is_due(config_.fail_every)) return shunt::error(shunt::ErrorCode::PluginFailed, "told to fail");
    return reply.send([&](auto& build) {
      clerks::AnswerBuilder answer{build};
      answer.add_number(static_cast<std::uint32_t>(question.number()) + (is_due(config_.lie_every) ? 1 : 0));
      answer.add_build(config_.says > 0 ? static_cast<std::uint32_t>(config_.says) : BUILD);
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

#ifndef DEAF
  shunt::Status on_clerk_notes(const shunt::Context&, const shunt::Received<clerks::Note>& note) override {
    ++notes_;
#ifdef TELLS
    return publish_clerk_news([&](auto& build) { return clerks::CreateNews(build, note->number(), BUILD); });
#else
    return static_cast<void>(note), shunt::Status{};
#endif
  }
#endif

  clerk::Config config_;
  std::atomic<std::int64_t> answers_{0};
  std::atomic<std::uint32_t> notes_{0};
};

}  // namespace

SHUNT_PLUGIN(Clerk)
