#include <shunt/host/rollout.hpp>

#include <algorithm>

namespace shunt {

std::vector<RolloutStage> usual_stages() { return {{.shadow = true}, {.share = 50}, {.share = 200}, {.share = 1000}}; }

bool blocks(const Preflight& checks) noexcept {
  return std::ranges::any_of(checks, [](const auto& each) { return each.outcome == PreflightCheck::Outcome::Blocks; });
}

std::string_view name(PreflightCheck::Outcome outcome) noexcept {
  switch (outcome) {
    case PreflightCheck::Outcome::Good: return "Good";
    case PreflightCheck::Outcome::Blocks: return "Blocks";
    case PreflightCheck::Outcome::NotConfigured: return "NotConfigured";
  }
  return "Unknown";
}

}  // namespace shunt
