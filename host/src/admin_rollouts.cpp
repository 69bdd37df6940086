#include "admin_rollouts.hpp"

#include "core.hpp"
#include "rollout_json.hpp"

#include <array>
#include <utility>

namespace shunt::host {
namespace {

Json rollouts_json(const Core& core) {
  Json list = Json::array();
  for (const RolloutSnapshot& each : core.rollouts->all()) list.push_back(rollout_json(each));
  return {{"rollouts", std::move(list)}};
}

void show(Task task) {
  Core& core = task.core();
  core.loop->post([&core, task = std::move(task)] { task.answer(rollouts_json(core)); });
}

void ask(Task task, Status (Rollouts::*what)(const std::string&)) {
  const auto plugin = task.text("plugin");
  if (!plugin) return task.answer(tl::make_unexpected(plugin.error()));
  Core& core = task.core();
  core.loop->post([&core, task = std::move(task), plugin = *plugin, what] {
    const Status asked = (*core.rollouts.*what)(plugin);
    if (asked) task.answer(rollouts_json(core));
    else task.answer(tl::make_unexpected(asked.error()));
  });
}

/// What it begins with is read from files, where that may take long.
void plan(Task task, bool starts) {
  const auto text = task.text("plan");
  if (!text) return task.answer(tl::make_unexpected(text.error()));
  auto plan = parse_rollout(*text, "plan");
  if (!plan) return task.answer(tl::make_unexpected(plan.error()));
  const auto confirmed = task.request.find("confirmed");
  plan->confirmed = confirmed != task.request.end() && *confirmed == true;
  AdminServer& server = task.server;
  server.run_slowly([task = std::move(task), plan = *std::move(plan), starts] {
    Core& core = task.core();
    auto around = Surroundings::look(core.configuration.trust);
    if (!around) return task.answer(tl::make_unexpected(around.error()));
    core.loop->post([&core, task, plan, starts, around = *std::move(around)] {
      if (!starts)
        return core.rollouts->preflight(plan, around, [task](const Result<Preflight>& checks) {
          if (checks) task.answer(preflight_json(*checks));
          else task.answer(tl::make_unexpected(checks.error()));
        });
      core.rollouts->start(plan, around, [&core, task](const Status& started) {
        if (started) task.answer(rollouts_json(core));
        else task.answer(tl::make_unexpected(started.error()));
      });
    });
  });
}

}  // namespace

void run_rollout_command(Task task) {
  const auto action = task.text("action");
  if (!action) return task.answer(tl::make_unexpected(action.error()));
  if (*action == "status") return show(std::move(task));
  if (*action == "pause") return ask(std::move(task), &Rollouts::pause);
  if (*action == "resume") return ask(std::move(task), &Rollouts::resume);
  if (*action == "abort") return ask(std::move(task), &Rollouts::abort);
  if (*action == "preflight" || *action == "start") return plan(std::move(task), *action == "start");
  task.answer(error(ErrorCode::BadInput,
                    "there is no action \"{}\" of a rollout; there are preflight, start, status, pause, resume, abort",
                    *action));
}

}  // namespace shunt::host
