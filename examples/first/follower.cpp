// A plugin: calls every tick above a limit a reason to buy.
#include "follower_contract.hpp"  // generated from plugin.toml

class Follower final : public follower::Contract {
  shunt::Status init(const follower::Config& config) override {
    limit_ = config.limit;
    return {};
  }

  shunt::Status judge(const shunt::Context&, const ticks::Tick& tick, shunt::Reply<ticks::Signal>& reply) override {
    return reply.send([&](auto& build) { return ticks::CreateSignal(build, tick.price(), tick.price() > limit_); });
  }

  shunt::Status on_ticks(const shunt::Context&, const shunt::Received<ticks::Tick>& tick) override {
    return publish_signals(
        [&](auto& build) { return ticks::CreateSignal(build, tick->price(), tick->price() > limit_); });
  }

  double limit_ = 0;
};

SHUNT_PLUGIN(Follower)
