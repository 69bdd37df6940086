#pragma once
/// Which layers of the sandbox hold, collected on the way from the warden through init to the plugin process.
///
///     layers.note(Layer::Landlock, apply_landlock());            // Result<std::string>: how, or why not

#include <shunt/schemas/control_generated.h>
#include <shunt/schemas/result.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace shunt::launcher {

using control::Layer;

class Layers {
 public:
  void note(Layer layer, const Result<std::string>& how) {
    states_.push_back({layer, how.has_value(), how ? *how : how.error().message});
  }
  void holds(Layer layer, std::string how) { states_.push_back({layer, true, std::move(how)}); }
  void lacks(Layer layer, std::string why) { states_.push_back({layer, false, std::move(why)}); }

  [[nodiscard]] bool has(Layer layer) const noexcept {
    return std::ranges::any_of(states_, [&](const State& state) { return state.layer == layer && state.applied; });
  }

  [[nodiscard]] control::ConfinedT message() const {
    control::ConfinedT confined;
    for (const State& state : states_) {
      auto& each = *confined.layers.emplace_back(std::make_unique<control::LayerStateT>());
      each.layer = state.layer;
      each.applied = state.applied;
      each.detail = state.detail;
    }
    return confined;
  }

  /// The first layer that does not hold, as a sentence; for a host that wants all. Errors: BadConfiguration.
  [[nodiscard]] Status check_complete() const {
    for (const State& state : states_)
      if (!state.applied)
        return error(ErrorCode::BadConfiguration,
                     "the sandbox lacks {}: {}; `shunt doctor` says how to get it, sandbox.require = \"best\" does "
                     "without",
                     control::EnumNameLayer(state.layer), state.detail);
    return {};
  }

 private:
  struct State {
    Layer layer;
    bool applied;
    std::string detail;
  };
  std::vector<State> states_;
};

}  // namespace shunt::launcher
