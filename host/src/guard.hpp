#pragma once
/// What a route with a breaker knows of the versions that its calls go to, and which of them it leads calls away from.

#include "breaker.hpp"
#include "outcomes.hpp"
#include "seat.hpp"
#include "trial.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace shunt::host {

/// One version on one route.
struct Guard {
  std::shared_ptr<PluginVersion> version;
  std::shared_ptr<Outcomes> outcomes;
  Breaker breaker;
  std::shared_ptr<Outcomes> tries{};  ///< While it is HalfOpen: of the calls that try it.
  std::shared_ptr<Trial> trial{};     ///< Likewise, once a table has it.

  /// Where calls count that are sent to it now.
  [[nodiscard]] const std::shared_ptr<Outcomes>& counted() const noexcept {
    return tries != nullptr ? tries : outcomes;
  }
  [[nodiscard]] bool is_shunned() const noexcept { return breaker.state() == BreakerState::Open; }

  /// What happened until now: true where another state follows.
  bool look(Breaker::TimePoint now) {
    const auto counted_in = [](const Outcomes& of) {
      const std::uint64_t failed = of.failed(), slow = of.slow();
      return CallCounts{.calls = of.answered() + failed + slow, .failed = failed, .slow = slow};
    };
    Probes probes;
    if (tries != nullptr) {
      const CallCounts tried = counted_in(*tries);
      probes = {.sent = static_cast<std::uint32_t>(tries->sent()),
                .succeeded = static_cast<std::uint32_t>(tried.succeeded()),
                .failed = static_cast<std::uint32_t>(tried.failed + tried.slow)};
    }
    return breaker.look(now, counted_in(*outcomes), probes).has_value();
  }
};

/// A function that has an `lts`.
struct GuardedRoute {
  std::shared_ptr<PluginVersion> lts;
  BreakerPolicy policy;
  std::vector<Guard> guards{};  ///< Of each version that shares the route, but the lts.

  [[nodiscard]] const Guard* find(const PluginVersion& version) const noexcept {
    const auto found = std::ranges::find(guards, &version, [](const Guard& each) { return each.version.get(); });
    return found == guards.end() ? nullptr : &*found;
  }
  /// Whether calls are led away from the version.
  [[nodiscard]] bool leaves(const PluginVersion& version) const noexcept {
    const Guard* const guard = find(version);
    return guard != nullptr && guard->breaker.state() != BreakerState::Closed;
  }
  /// The parts of those that calls are led away from, given to the lts, which stands in `shares` afterwards. `is_out`
  /// says so of further ones.
  template <typename IsOut>
  void lead_away(Shares& shares, IsOut&& is_out) const {
    std::uint32_t moved = 0;
    for (VersionShare& share : shares)
      if (share.version != lts && (leaves(*share.version) || is_out(*share.version)))
        moved += std::exchange(share.on, false) ? share.weight : 0;
    auto its = std::ranges::find(shares, lts, &VersionShare::version);
    if (its == shares.end()) its = shares.insert(its, {.version = lts, .weight = 0, .on = false});
    if (moved == 0) return;
    its->weight = its->part() + moved;
    its->on = true;
  }
};

}  // namespace shunt::host
