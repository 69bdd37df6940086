#include "phase_bound.hpp"

namespace shunt::host {

Bound bound_of(State state, const PhaseDeadlines& deadlines) noexcept {
  switch (state) {
    case State::Spawned:
    case State::Confined: return {"load", deadlines.load};
    case State::Attached: return {"init", deadlines.init};
    case State::Initialised: return {"validate", deadlines.validate};
    case State::Validated: return {"activate", deadlines.activate};
    case State::Cleaning: return {"cleanup", deadlines.cleanup};
    case State::Ending: return {"", kExitBound};
    case State::Active:
    case State::Draining:
    case State::Ended:
    case State::Quarantined: break;
  }
  return {};
}

}  // namespace shunt::host
