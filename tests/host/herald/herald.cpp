// Publishes what it is told, with keys.
#include "herald_contract.hpp"

#include <cstring>

namespace {

class Herald final : public herald::Contract {
  shunt::Status act(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    if (order.deed() == stage::Deed::Publish)
      for (std::uint64_t i = 0; i < order.count(); ++i) SHUNT_CHECK(publish(order, order.number() + i));
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, order.number()); });
  }

  shunt::Status publish(const stage::Order& order, std::uint64_t number) {
    shunt::PublishOptions options;
    options.urgent = order.urgent();
    if (order.keys() != 0) options.key = number % order.keys() + 1;
    return publish_herald_quotes(
        [&](auto& build) {
          std::uint8_t* data = nullptr;
          const auto padding = build.CreateUninitializedVector(order.bytes(), &data);
          std::memset(data, 'x', order.bytes());
          return stage::CreateNews(build, number, 0, padding, herald::kVersionMajor);
        },
        options);
  }
};

}  // namespace

SHUNT_PLUGIN(Herald)
