/// rollout.toml.
#include "rollout_run.hpp"
#include "toml_fields.hpp"

#include <shunt/schemas/names.hpp>
#include <shunt/schemas/version.hpp>

namespace shunt {
namespace {

Status read_gates(const TomlNode& node, const std::string& member, TomlPlaces& places, RolloutGates& gates) {
  TomlFields fields(node, "gates", member + ".gates", places);
  fields.count("success_min", gates.success_min);
  fields.count("success_drop_max", gates.success_drop_max);
  fields.count("latency_max", gates.latency_max);
  fields.count("cpu_max", gates.cpu_max);
  fields.count("crashes_max", gates.crashes_max);
  fields.count("quota_refusals_max", gates.quota_refusals_max);
  fields.count("denials_max", gates.denials_max);
  fields.count("differences_max", gates.differences_max);
  return fields.finish();
}

Status read_stage(const TomlNode& node, const std::string& member, TomlPlaces& places, RolloutStage& stage) {
  TomlFields fields(node, "[[stage]]", member, places);
  fields.flag("shadow", stage.shadow);
  fields.count("share", stage.share);
  fields.texts("select", stage.select);
  fields.duration("dwell", stage.dwell);
  fields.count("samples_min", stage.samples_min);
  if (const auto* gates = fields.table("gates")) fields.complain(read_gates(*gates, member, places, stage.gates));
  return fields.finish();
}

Status read_preflight(const TomlNode& node, TomlPlaces& places, PreflightLimits& limits) {
  TomlFields fields(node, "[preflight]", "preflight", places);
  fields.duration("lag_max", limits.lag_max);
  fields.count("backlog_max", limits.backlog_max);
  fields.duration("ready_min", limits.ready_min);
  fields.count("key_days_min", limits.key_days_min);
  return fields.finish();
}

Status read_plan(const TomlNode& node, TomlPlaces& places, RolloutPlan& plan) {
  RolloutStage each;  // what stages leave unsaid
  TomlFields fields(node, "the file", "", places);
  fields.text("plugin", plan.plugin);
  fields.text("version", plan.version);
  fields.duration("dwell", each.dwell);
  fields.count("samples_min", each.samples_min);
  if (const auto* gates = fields.table("gates")) fields.complain(read_gates(*gates, "", places, each.gates));
  if (const auto* preflight = fields.table("preflight"))
    fields.complain(read_preflight(*preflight, places, plan.preflight));
  const auto unsaid = [&](RolloutStage stage) {
    stage.dwell = each.dwell;
    stage.samples_min = each.samples_min;
    stage.gates = each.gates;
    return stage;
  };
  const auto* const stages = fields.array("stage", "an array (write [[stage]], with two brackets)");
  if (stages == nullptr) {
    for (RolloutStage& usual : plan.stages) usual = unsaid(usual);
    return fields.finish();
  }
  plan.stages.clear();
  for (const TomlNode& element : std::get<TomlNode::Array>(stages->value)) {
    const auto member = fmt::format("stage[{}]", plan.stages.size());
    fields.complain(read_stage(element, member, places, plan.stages.emplace_back(unsaid({}))));
  }
  return fields.finish();
}

}  // namespace

namespace {

Result<RolloutPlan> plan_of(const TomlNode& root, const std::string& name) {
  RolloutPlan plan;
  TomlPlaces places;
  SHUNT_CHECK(read_plan(root, places, plan));
  const auto at = [&](std::string_view why) { return error(ErrorCode::BadConfiguration, "{}: {}", name, why); };
  if (!is_name(plan.plugin)) return at(fmt::format("plugin is {:?}; a plugin's name is meant", plan.plugin));
  if (!Version::parse(plan.version))
    return at(fmt::format("version is {:?}; one such as 1.5.0 is meant", plan.version));
  if (const Status can_be = host::check_stages(plan.stages, {}); !can_be) return at(can_be.error().message);
  return plan;
}

}  // namespace

Result<RolloutPlan> read_rollout(const std::filesystem::path& path) {
  SHUNT_TRY(root, read_toml(path));
  return plan_of(root, path.filename().string());
}

Result<RolloutPlan> parse_rollout(std::string_view text, const std::string& name) {
  SHUNT_TRY(root, parse_toml(text, name));
  return plan_of(root, name);
}

}  // namespace shunt
