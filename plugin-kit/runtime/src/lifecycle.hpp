#pragma once
/// Which phase may follow which, as one table.

#include <shunt/schemas/control_generated.h>

#include <array>
#include <optional>

namespace shunt::kit {

enum class State : std::uint8_t {
  Loaded,
  InitFailed,
  Initialized,
  ValidateFailed,
  Validated,
  ActivateFailed,
  Serving,
  Frozen,  ///< Its state was written down for another version, which may serve on with it.
  Ended,
};

struct Transition {
  State from;
  control::Phase phase;
  State done;
  State failed;
};

// init is idempotent and may be tried again; a failed validate or activate ends at cleanup.
inline constexpr std::array kTransitions{
    Transition{State::Loaded, control::Phase::Init, State::Initialized, State::InitFailed},
    Transition{State::InitFailed, control::Phase::Init, State::Initialized, State::InitFailed},
    Transition{State::Initialized, control::Phase::Init, State::Initialized, State::InitFailed},
    Transition{State::Initialized, control::Phase::Validate, State::Validated, State::ValidateFailed},
    Transition{State::Validated, control::Phase::Activate, State::Serving, State::ActivateFailed},
    Transition{State::Loaded, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::InitFailed, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::Initialized, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::ValidateFailed, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::Validated, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::ActivateFailed, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::Serving, control::Phase::Cleanup, State::Ended, State::Ended},
    Transition{State::Frozen, control::Phase::Cleanup, State::Ended, State::Ended},
};

constexpr std::optional<Transition> transition(State from, control::Phase phase) {
  for (const Transition& each : kTransitions)
    if (each.from == from && each.phase == phase) return each;
  return std::nullopt;
}

static_assert(!transition(State::Loaded, control::Phase::Activate), "effects begin only after init and validate");
static_assert(!transition(State::ValidateFailed, control::Phase::Activate), "a refused environment is not served in");
static_assert(!transition(State::Ended, control::Phase::Cleanup), "cleanup runs once a process");

}  // namespace shunt::kit
