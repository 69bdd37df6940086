#include "rollout_json.hpp"

#include <utility>

namespace shunt::host {
namespace {

double ms_of(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>{time}.count(); }

Json stage_json(const RolloutStage& stage) {
  const RolloutGates& gates = stage.gates;
  return {{"shadow", stage.shadow},
          {"share", stage.share},
          {"select", Json(stage.select)},
          {"dwell_ms", ms_of(stage.dwell)},
          {"samples_min", stage.samples_min},
          {"gates",
           {{"success_min", gates.success_min},
            {"success_drop_max", gates.success_drop_max},
            {"latency_max", gates.latency_max},
            {"cpu_max", gates.cpu_max},
            {"crashes_max", gates.crashes_max},
            {"quota_refusals_max", gates.quota_refusals_max},
            {"denials_max", gates.denials_max},
            {"differences_max", gates.differences_max}}}};
}

Json figures_json(const RolloutFigures& figures) {
  return {{"calls", figures.calls},
          {"failed", figures.failed},
          {"slow", figures.slow},
          {"p99_us", figures.p99.count() / 1000},
          {"messages", figures.messages},
          {"cpu_us", figures.cpu.count() / 1000},
          {"crashes", figures.crashes},
          {"quota_refusals", figures.quota_refusals},
          {"denials", figures.denials},
          {"compared", figures.compared},
          {"differences", figures.differences}};
}

}  // namespace

Json rollout_json(const RolloutSnapshot& rollout) {
  Json stages = Json::array();
  for (const RolloutStage& each : rollout.stages) stages.push_back(stage_json(each));
  return {{"plugin", rollout.plugin},
          {"version", rollout.version},
          {"baseline", rollout.baseline},
          {"state", rollout.state},
          {"stage", rollout.stage},
          {"stages", std::move(stages)},
          {"elapsed_ms", ms_of(rollout.elapsed)},
          {"verdict", rollout.verdict},
          {"reason", rollout.reason},
          {"newer", figures_json(rollout.newer)},
          {"older", figures_json(rollout.older)}};
}

Json preflight_json(const Preflight& checks) {
  Json list = Json::array();
  for (const PreflightCheck& each : checks)
    list.push_back({{"check", each.name}, {"outcome", name(each.outcome)}, {"text", each.text}});
  return {{"blocks", blocks(checks)}, {"checks", std::move(list)}};
}

}  // namespace shunt::host
