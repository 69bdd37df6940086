// Says of each order which version has handled it. Both versions come from this source.
#include "bench_relay_contract.hpp"

namespace {

class Relay final : public bench_relay::Contract {
  shunt::Status on_bench_orders(const shunt::Context&, const shunt::Received<bench::Order>& order) override {
    return publish_bench_done(
        [&](auto& build) { return bench::CreateDone(build, order->sequence(), BENCH_RELAY_VERSION); });
  }
};

}  // namespace

SHUNT_PLUGIN(Relay)
