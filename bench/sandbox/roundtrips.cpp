#include "roundtrips.hpp"

#include "../shunt/host_subject.hpp"
#include "../src/subject_process.hpp"

#include <shunt/bench/clock.hpp>

#include <array>
#include <chrono>

namespace shunt::bench {
namespace {

constexpr std::chrono::seconds kLimit{60};  ///< For one measurement.

struct Contender {
  const char* name;
  const char* launcher;
};
constexpr std::array kContenders{Contender{"bare", SHUNT_LAUNCH_BARE}, Contender{"full", SHUNT_LAUNCH},
                                 Contender{"bare_again", SHUNT_LAUNCH_BARE}};

Result<double> measure_once(const Contender& contender, const Setup& setup, const Plan& plan) {
  static const double kNsPerTick = measure_ns_per_tick();
  static const std::uint64_t kTickStep = measure_tick_step();
  const SubjectEntry entry{contender.name, false, [&] { return make_client(Payload::Inline, contender.launcher); }};
  SHUNT_TRY(process, SubjectProcess::start(entry, setup, plan.messages));
  SHUNT_TRY(round, process.measure(plan, kLimit));
  if (round.measured.errors != 0)
    return error(ErrorCode::BadPayload, "{} payloads of {} did not check", round.measured.errors, contender.name);
  return percentile(round.samples, 0.50, kTickStep) * kNsPerTick;
}

}  // namespace

Result<RoundTrips> measure_round_trips(Wait wait, unsigned pairs, std::uint64_t messages) {
  Setup setup;
  setup.wait = wait;
  setup.placement = placement_here();
  const Plan plan{.warmup = std::max<std::uint64_t>(messages / 10, 2 * setup.depth), .messages = messages};
  RoundTrips result;
  for (unsigned pair = 0; pair < pairs; ++pair) {
    std::array<double, kContenders.size()> p50_ns{};
    for (std::size_t turn = 0; turn < kContenders.size(); ++turn) {
      const std::size_t who = (turn + pair) % kContenders.size();
      SHUNT_TRY(measured, measure_once(kContenders[who], setup, plan));
      p50_ns[who] = measured;
    }
    const auto [bare, full, again] = p50_ns;
    result.bare_ns.push_back(bare);
    result.full_ns.push_back(full);
    result.ratios.push_back(full / bare);
    result.same.push_back(again / bare);
  }
  return result;
}

}  // namespace shunt::bench
