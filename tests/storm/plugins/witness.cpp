// Answers and confirms, and leaves evidence of both.
#include "recorder.hpp"
#include "witness_contract.hpp"

namespace {

using storm::Item;
using storm::Sheet;

Sheet sheet_of(const Item& item) { return static_cast<Sheet>(item.sheet()); }

class Witness final : public witness::Contract {
  shunt::Status init(const witness::Config&) override { return {}; }

  shunt::Status ask(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) override {
    return answer(context, item, reply);
  }
  shunt::Status order(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) override {
    return answer(context, item, reply);
  }
  shunt::Status on_storm_told(const shunt::Context& context, const shunt::Received<Item>& item) override {
    return confirm(context, *item);
  }
  shunt::Status on_storm_repeated(const shunt::Context& context, const shunt::Received<Item>& item) override {
    return confirm(context, *item);
  }

  shunt::Status answer(const shunt::Context& context, const Item& item, shunt::Reply<Item>& reply) {
    recorder_.begin(sheet_of(item), context, item);
    recorder_.done(sheet_of(item), item);
    return storm::insist([&] { return reply.send([&](auto& build) { return copy_of(build, item, sheet_of(item)); }); });
  }

  shunt::Status confirm(const shunt::Context& context, const Item& item) {
    recorder_.begin(sheet_of(item), context, item);
    SHUNT_CHECK(storm::insist(
        [&] { return publish_storm_receipts([&](auto& build) { return copy_of(build, item, sheet_of(item)); }); }));
    recorder_.done(sheet_of(item), item);
    return {};
  }

  storm::Recorder recorder_{storm::Actor::Witness};
};

}  // namespace

SHUNT_PLUGIN(Witness)
