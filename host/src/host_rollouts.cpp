/// Rollouts by a host's own program.
#include "core.hpp"
#include "polling_scope.hpp"

#include <shunt/host.hpp>

#include <future>
#include <utility>

namespace shunt {

Result<Preflight> Host::preflight(const RolloutPlan& plan) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "preflight()"));
  SHUNT_TRY(around, host::Surroundings::look(core_->configuration.trust));
  Result<Preflight> found;
  SHUNT_CHECK(core_->on_loop([&](const auto& done) {
    core_->rollouts->preflight(plan, around, [&found, done](Result<Preflight> checks) {
      found = std::move(checks);
      done({});
    });
  }));
  return found;
}

Status Host::start_rollout(const RolloutPlan& plan) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "start_rollout()"));
  SHUNT_TRY(around, host::Surroundings::look(core_->configuration.trust));
  return core_->on_loop([&](auto done) { core_->rollouts->start(plan, around, std::move(done)); });
}

Status Host::pause_rollout(const std::string& plugin) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "pause_rollout()"));
  return core_->on_loop([&](const auto& done) { done(core_->rollouts->pause(plugin)); });
}

Status Host::resume_rollout(const std::string& plugin) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "resume_rollout()"));
  return core_->on_loop([&](const auto& done) { done(core_->rollouts->resume(plugin)); });
}

Status Host::abort_rollout(const std::string& plugin) {
  SHUNT_CHECK(host::refuse_in_callback(*core_, "abort_rollout()"));
  return core_->on_loop([&](const auto& done) { done(core_->rollouts->abort(plugin)); });
}

std::vector<RolloutSnapshot> Host::rollouts() {
  std::vector<RolloutSnapshot> all;
  static_cast<void>(core_->on_loop([&](const auto& done) {
    all = core_->rollouts->all();
    done({});
  }));
  return all;
}

}  // namespace shunt
