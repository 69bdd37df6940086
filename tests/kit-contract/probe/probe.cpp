// The probe plugin: does what the tests ask it to, right and wrong.
#include "probe_contract.hpp"

#include <stdexcept>
#include <vector>

namespace {

using namespace std::chrono_literals;

class Probe final : public probe::Contract {
  shunt::Status init(const probe::Config& config) override {
    config_ = config;
    if (config.account == "nobody") return shunt::error(shunt::ErrorCode::BadConfiguration, "nobody has no account");
    if (config.account == "thrower") throw std::runtime_error("init threw");
    return {};
  }
  shunt::Status validate() override {
    if (config_.verbose) log().info("validate with window {}", config_.window);
    return {};
  }
  shunt::Status activate() override {
    if (config_.mode == "fast") throw 42;
    return {};
  }
  void cleanup() noexcept override { config_ = {}; }
  shunt::Health health() const override {
    return config_.ratio < 0.1 ? shunt::Health::Degraded : shunt::Health::Serving;
  }

  shunt::Status flat(shunt::LastWill<probe::Response>& will) override {
    if (config_.account == "intestate") return {};
    if (config_.account == "garrulous") return will.write([&](auto& build) { return numbers(build, 1000); });
    return will.write([&](auto& build) { return probe::CreateResponse(build, config_.window); }, {.key = 7});
  }

  shunt::Status echo(const shunt::Context&, const probe::Question& question,
                     shunt::Reply<probe::Response>& reply) override {
    return reply.send([&](auto& build) { return probe::CreateResponse(build, question.number()); });
  }

  shunt::Status large(const shunt::Context&, const probe::Question& question,
                      shunt::Reply<probe::Response>& reply) override {
    return reply.send([&](auto& build) { return numbers(build, question.number()); });
  }

  shunt::Status silent(const shunt::Context&, const probe::Question&, shunt::Reply<probe::Response>&) override {
    return {};
  }

  shunt::Status twice(const shunt::Context& context, const probe::Question& question,
                      shunt::Reply<probe::Response>& reply) override {
    SHUNT_CHECK(echo(context, question, reply));
    return echo(context, question, reply);
  }

  shunt::Status throws(const shunt::Context&, const probe::Question& question,
                       shunt::Reply<probe::Response>&) override {
    if (question.number() < 0) throw 42;
    throw std::out_of_range("no such bar");
  }

  shunt::Status throws_late(const shunt::Context&, const probe::Question& question,
                            shunt::Reply<probe::Response>& reply) override {
    return reply.send([&](auto& build) -> flatbuffers::Offset<probe::Response> {
      numbers(build, question.number());
      throw std::runtime_error("half built");
    });
  }

  shunt::Status refuses(const shunt::Context&, const probe::Question&, shunt::Reply<probe::Response>&) override {
    return shunt::error(shunt::ErrorCode::NotServing, "closed on Sundays");
  }

  shunt::Status asks(const shunt::Context& context, const probe::Question& question,
                     shunt::Reply<probe::Response>& reply) override {
    SHUNT_TRY(answer, calls().oracle_answer(
                          context, [&](auto& build) { return probe::CreateQuestion(build, question.number()); },
                          {.deadline = 50us}));
    return reply.send([&](auto& build) { return probe::CreateResponse(build, answer->number() + 1); });
  }

  shunt::Status describes(const shunt::Context& context, const probe::Question&,
                          shunt::Reply<probe::Response>& reply) override {
    context.log().info("token {} remaining {} ns", context.token(), context.remaining().count());
    const bool worth_it = !context.cancelled() && !context.redelivered();
    return reply.send([&](auto& build) { return probe::CreateResponse(build, worth_it ? 1 : 0); });
  }

  shunt::Status on_probe_questions(const shunt::Context& context,
                                   const shunt::Received<probe::Question>& question) override {
    if (question->number() == 13) throw std::runtime_error("thirteen");
    const auto payload = question->number() == 7 ? shunt::Payload::Chunk : shunt::Payload::Auto;
    return publish_probe_responses([&](auto& build) { return probe::CreateResponse(build, question->number() * 2); },
                                   {.payload = payload, .key = question->number(), .urgent = context.latched()});
  }

  template <typename Builder>
  static flatbuffers::Offset<probe::Response> numbers(Builder& build, std::int64_t count) {
    std::uint64_t* place = nullptr;
    const auto vector =
        build.template CreateUninitializedVector<std::uint64_t>(static_cast<std::size_t>(count), &place);
    for (std::int64_t i = 0; i < count; ++i) place[i] = static_cast<std::uint64_t>(i);
    return probe::CreateResponse(build, count, 0, vector);
  }

  probe::Config config_;
};

}  // namespace

SHUNT_PLUGIN(Probe)
