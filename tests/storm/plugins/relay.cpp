// Stands between the host and witness: a nested call for a call, a publication for a publication.
#include "recorder.hpp"
#include "relay_contract.hpp"

namespace {

using storm::Item;
using storm::Sheet;

class Relay final : public relay::Contract {
  shunt::Status init(const relay::Config&) override { return {}; }

  shunt::Status pass(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) override {
    recorder_.begin(Sheet::PassedBy, context, item);
    SHUNT_TRY(answer, calls().witness_order(context, [&](auto& build) { return copy_of(build, item, Sheet::Passed); }));
    recorder_.done(Sheet::PassedBy, item);
    return storm::insist(
        [&] { return reply.send([&](auto& build) { return copy_of(build, *answer, Sheet::Passed); }); });
  }

  shunt::Status on_storm_forwarded(const shunt::Context& context, const shunt::Received<Item>& item) override {
    recorder_.begin(Sheet::ForwardedBy, context, *item);
    SHUNT_CHECK(storm::insist(
        [&] { return publish_storm_repeated([&](auto& build) { return copy_of(build, *item, Sheet::Forwarded); }); }));
    recorder_.done(Sheet::ForwardedBy, *item);
    return {};
  }

  shunt::Status on_storm_told(const shunt::Context& context, const shunt::Received<Item>& item) override {
    recorder_.begin(Sheet::ToldToo, context, *item);
    recorder_.done(Sheet::ToldToo, *item);
    return {};
  }

  storm::Recorder recorder_{storm::Actor::Relay};
};

}  // namespace

SHUNT_PLUGIN(Relay)
