// Says again what it hears.
#include "parrot_contract.hpp"

#include <string>

namespace {

class Parrot final : public parrot::Contract {
  shunt::Status init(const parrot::Config& config) override {
    suffix_ = config.suffix;
    return {};
  }

  shunt::Status repeat(const shunt::Context&, const words::Phrase& phrase, shunt::Reply<echoes::Echo>& reply) override {
    return reply.send([&](auto& build) { return echo(build, phrase); });
  }

  shunt::Status on_parrot_phrases(const shunt::Context&, const shunt::Received<words::Phrase>& phrase) override {
    for (std::uint32_t i = 0; i < phrase->times(); ++i)
      SHUNT_CHECK(publish_parrot_echoes([&](auto& build) { return echo(build, *phrase); }));
    return {};
  }
  shunt::Status on_parrot_books(const shunt::Context&, const shunt::Received<words::PhraseBook>&) override {
    return {};
  }

  template <typename Builder>
  flatbuffers::Offset<echoes::Echo> echo(Builder& build, const words::Phrase& phrase) {
    const std::string text = (phrase.text() == nullptr ? "" : phrase.text()->str()) + suffix_;
    return echoes::CreateEcho(build, build.CreateString(text), phrase.number());
  }

  std::string suffix_;
};

}  // namespace

SHUNT_PLUGIN(Parrot)
