// Breaks the rule that it is told to break, and answers with what it was told for it.
#include "offender_contract.hpp"

#include <stdexcept>
#include <string>
#include <thread>

namespace {

std::string said(const shunt::Status& status) { return status ? "success" : to_string(status.error()); }

class Offender final : public offender::Contract {
  shunt::Status init(const offender::Config& config) override {
    trouble_ = config.trouble;
    validators().add<offender::Deed>([](const offender::Deed& deed) -> shunt::Status {
      if (deed.name() != nullptr && deed.name()->string_view() == "nonsense")
        return shunt::error(shunt::ErrorCode::BadInput, "there is no such deed");
      return {};
    });
    return enter("init");
  }
  shunt::Status validate() override { return enter("validate"); }
  shunt::Status activate() override { return enter("activate"); }
  // NOLINTNEXTLINE(bugprone-exception-escape): that is what it is for
  void cleanup() noexcept override { static_cast<void>(enter("cleanup")); }

  shunt::Health health() const override {
    if (trouble_ == "health throw") throw std::runtime_error("no such exchange");
    return shunt::Health::Serving;
  }
  shunt::Status farewell(shunt::LastWill<offender::Outcome>& will) override {
    if (trouble_ == "no will") return {};
    return will.write([](auto& build) { return offender::CreateOutcome(build); });
  }

  shunt::Status enter(const std::string& phase) {
    if (trouble_ == phase + " throw") throw std::runtime_error("no such exchange");
    if (trouble_ == phase + " publish") return publish();
    return {};
  }

  shunt::Status commit(const shunt::Context& context, const offender::Deed& deed,
                       shunt::Reply<offender::Outcome>& reply) override {
    const std::string what = deed.name()->str();
    if (what == "throw") throw std::runtime_error("no such bar");
    if (what == "throw a number") throw 42;
    if (what == "no reply") return {};
    if (what == "reply twice") {
      SHUNT_CHECK(answer(reply, "first"));
      return answer(reply, "second");
    }
    if (what == "throw in the builder")
      return reply.send([](auto& build) -> flatbuffers::Offset<offender::Outcome> {
        build.CreateString(std::string(10'000, 'x'));
        throw std::runtime_error("half built");
      });
    return answer(reply, outcome_of(what, context));
  }

  shunt::Status on_offender_deeds(const shunt::Context&, const shunt::Received<offender::Deed>&) override {
    throw std::runtime_error("no such bar");
  }

  std::string outcome_of(const std::string& what, const shunt::Context& context) {
    if (what == "call nobody") {
      const auto answer = calls().oracle_answer(context, [](auto& build) { return offender::CreateDeed(build); });
      return answer ? "success" : to_string(answer.error());
    }
    if (what == "publish on another thread") {
      std::string told;
      std::thread([&] { told = said(publish()); }).join();
      return told;
    }
    if (what == "keep the request") return kept_ = context.message(), "kept";
    if (what == "answer the request that was kept") return said(reply_to(kept_));
    return "unknown";
  }

  /// As a plugin in C can do it.
  shunt::Status reply_to(const shunt_message& message) {
    const shunt::kit::Link& link = shunt_link();
    std::uint8_t nothing[8]{};
    shunt_sample sample{nothing, sizeof nothing, 0};
    return link.status(link.services->reply(link.runtime, &message, &sample, 0, sizeof nothing));
  }

  shunt::Status publish() {
    return publish_offender_news([](auto& build) { return offender::CreateOutcome(build); });
  }

  static shunt::Status answer(shunt::Reply<offender::Outcome>& reply, const std::string& text) {
    return reply.send([&](auto& build) { return offender::CreateOutcome(build, build.CreateString(text)); });
  }

  std::string trouble_;
  shunt_message kept_{};
};

}  // namespace

SHUNT_PLUGIN(Offender)
