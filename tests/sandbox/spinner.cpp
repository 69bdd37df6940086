/// Never comes back from its handler, and keeps up what marks of life a plugin can write.
#include "serving_state.hpp"  // the runtime, which lies in the plugin's process: any code there can find the lane
#include "spinner_contract.hpp"

#include <atomic>
#include <cstdint>

namespace {

using spinner::Manner;

class Spinner final : public spinner::Contract {
  shunt::Status init(const spinner::Config&) override { return {}; }
  shunt::Status activate() override { return {}; }
  void cleanup() noexcept override {}

  shunt::Status spin(const shunt::Context&, const spinner::Order& order, shunt::Reply<spinner::Order>&) override {
    shunt::bus::Side& side = shunt_link().runtime->lane.mine();
    const Manner manner = order.manner();
    for (;;) {
      if (manner != Manner::Quiet) show_life(side);
      if (manner == Manner::Done) claim_all(side);
    }
  }

  static void show_life(shunt::bus::Side& side) {
    side.doorbell.rung.fetch_add(1, std::memory_order_relaxed);
    side.statistics.handled.fetch_add(1, std::memory_order_relaxed);
  }

  /// That what was begun is done, and its slot read.
  static void claim_all(shunt::bus::Side& side) {
    const std::uint64_t begun = side.positions.begun[0].load(std::memory_order_relaxed);
    side.positions.done[0].store(begun, std::memory_order_release);
    side.positions.read[0].store(begun, std::memory_order_release);
  }
};

}  // namespace

SHUNT_PLUGIN(Spinner)
