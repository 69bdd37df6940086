#pragma once
/// Rollouts at the admin socket, as JSON: what `shunt rollout` is answered.

#include "admin_json.hpp"

#include <shunt/host/rollout.hpp>

namespace shunt::host {

/// Durations in ms.
[[nodiscard]] Json rollout_json(const RolloutSnapshot& rollout);
[[nodiscard]] Json preflight_json(const Preflight& checks);

}  // namespace shunt::host
