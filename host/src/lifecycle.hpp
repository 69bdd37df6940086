#pragma once
/// The life of one instance as one table: which event leads from which state to which.
///
///     const auto after = next(state, Event::PhaseDone);
///     if (!after) return breach("an answer that nobody asked for");
///     state = *after;
///
/// The host alone holds the state. What the table does not list cannot happen; where the event was a plugin's message,
/// that is a breach. Phases announce themselves: the host feeds PhaseDone only for the phase that it asked for.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shunt {

enum class State : std::uint8_t {
  Spawned,      ///< The warden runs; nothing of the plugin does.
  Confined,     ///< The plugin process is confined; its code is not loaded.
  Attached,     ///< Lane mapped, code loaded; init runs.
  Initialised,  ///< validate runs.
  Validated,    ///< activate runs.
  Active,       ///< Serves.
  Draining,     ///< Gets nothing new and finishes what it has.
  Cleaning,     ///< cleanup runs.
  Ending,       ///< Asked to exit or killed; only its exit is awaited.
  Ended,        ///< Reaped: its memory has no writer any more.
  Quarantined,  ///< Ended, and not started again until a person says so.
};
inline constexpr std::size_t kStateCount = 11;

enum class Event : std::uint8_t {
  Confinement,     ///< The warden reports the process confined.
  Attachment,      ///< The plugin process reports lane and code in place.
  PhaseDone,       ///< The phase that was asked for succeeded.
  PhaseFailed,     ///< It returned an error or threw.
  DeadlinePassed,  ///< Of the state: load, phase, drain or exit.
  StopAsked,       ///< A switch, an unload or a stop.
  DrainDone,       ///< Nothing is in flight any more.
  Resume,          ///< The switch that drained it was undone: it serves again. Or it is kept warm.
  HandlerStuck,    ///< In flight past deadline and grace, or nothing done for handler_max.
  Breach,          ///< It broke the lane's contract.
  HostFailed,      ///< The host has no descriptor or memory left that it needs for it.
  EndAsked,        ///< The host ends at once, and waits for nobody.
  ExitSeen,        ///< Its pidfd says so and it was reaped.
  CrashLimit,      ///< Too many crashes within the window (Backoff).
};
inline constexpr std::size_t kEventCount = 14;

namespace lifecycle {

struct Row {
  State from;
  Event event;
  State to;
};

inline constexpr std::array kTable = {
    Row{State::Spawned, Event::Confinement, State::Confined},
    Row{State::Confined, Event::Attachment, State::Attached},
    Row{State::Attached, Event::PhaseDone, State::Initialised},
    Row{State::Initialised, Event::PhaseDone, State::Validated},
    Row{State::Validated, Event::PhaseDone, State::Active},
    Row{State::Active, Event::StopAsked, State::Draining},
    Row{State::Draining, Event::DrainDone, State::Cleaning},
    Row{State::Draining, Event::Resume, State::Active},
    Row{State::Cleaning, Event::PhaseDone, State::Ending},

    // Code that was loaded is cleaned up after, code that was not is only ended.
    Row{State::Spawned, Event::StopAsked, State::Ending},
    Row{State::Confined, Event::StopAsked, State::Ending},
    Row{State::Attached, Event::StopAsked, State::Cleaning},
    Row{State::Initialised, Event::StopAsked, State::Cleaning},
    Row{State::Validated, Event::StopAsked, State::Cleaning},
    Row{State::Draining, Event::StopAsked, State::Draining},
    Row{State::Cleaning, Event::StopAsked, State::Cleaning},
    Row{State::Ending, Event::StopAsked, State::Ending},

    // Before Attached, a failure is the launcher's: no phase of the plugin has begun.
    Row{State::Spawned, Event::PhaseFailed, State::Ending},
    Row{State::Confined, Event::PhaseFailed, State::Ending},
    Row{State::Attached, Event::PhaseFailed, State::Cleaning},
    Row{State::Initialised, Event::PhaseFailed, State::Cleaning},
    Row{State::Validated, Event::PhaseFailed, State::Cleaning},
    Row{State::Cleaning, Event::PhaseFailed, State::Ending},

    // A phase that does not come back would not run cleanup either.
    Row{State::Spawned, Event::DeadlinePassed, State::Ending},
    Row{State::Confined, Event::DeadlinePassed, State::Ending},
    Row{State::Attached, Event::DeadlinePassed, State::Ending},
    Row{State::Initialised, Event::DeadlinePassed, State::Ending},
    Row{State::Validated, Event::DeadlinePassed, State::Ending},
    Row{State::Draining, Event::DeadlinePassed, State::Ending},
    Row{State::Cleaning, Event::DeadlinePassed, State::Ending},
    Row{State::Ending, Event::DeadlinePassed, State::Ending},

    Row{State::Active, Event::HandlerStuck, State::Ending},
    Row{State::Draining, Event::HandlerStuck, State::Ending},

    Row{State::Spawned, Event::Breach, State::Ending},
    Row{State::Confined, Event::Breach, State::Ending},
    Row{State::Attached, Event::Breach, State::Ending},
    Row{State::Initialised, Event::Breach, State::Ending},
    Row{State::Validated, Event::Breach, State::Ending},
    Row{State::Active, Event::Breach, State::Ending},
    Row{State::Draining, Event::Breach, State::Ending},
    Row{State::Cleaning, Event::Breach, State::Ending},
    Row{State::Ending, Event::Breach, State::Ending},

    Row{State::Spawned, Event::HostFailed, State::Ending},
    Row{State::Confined, Event::HostFailed, State::Ending},
    Row{State::Attached, Event::HostFailed, State::Ending},
    Row{State::Initialised, Event::HostFailed, State::Ending},
    Row{State::Validated, Event::HostFailed, State::Ending},
    Row{State::Active, Event::HostFailed, State::Ending},
    Row{State::Draining, Event::HostFailed, State::Ending},
    Row{State::Cleaning, Event::HostFailed, State::Ending},
    Row{State::Ending, Event::HostFailed, State::Ending},

    Row{State::Spawned, Event::EndAsked, State::Ending},
    Row{State::Confined, Event::EndAsked, State::Ending},
    Row{State::Attached, Event::EndAsked, State::Ending},
    Row{State::Initialised, Event::EndAsked, State::Ending},
    Row{State::Validated, Event::EndAsked, State::Ending},
    Row{State::Active, Event::EndAsked, State::Ending},
    Row{State::Draining, Event::EndAsked, State::Ending},
    Row{State::Cleaning, Event::EndAsked, State::Ending},
    Row{State::Ending, Event::EndAsked, State::Ending},

    Row{State::Spawned, Event::ExitSeen, State::Ended},
    Row{State::Confined, Event::ExitSeen, State::Ended},
    Row{State::Attached, Event::ExitSeen, State::Ended},
    Row{State::Initialised, Event::ExitSeen, State::Ended},
    Row{State::Validated, Event::ExitSeen, State::Ended},
    Row{State::Active, Event::ExitSeen, State::Ended},
    Row{State::Draining, Event::ExitSeen, State::Ended},
    Row{State::Cleaning, Event::ExitSeen, State::Ended},
    Row{State::Ending, Event::ExitSeen, State::Ended},

    Row{State::Ended, Event::CrashLimit, State::Quarantined},
};

}  // namespace lifecycle

/// The state after `event`; nothing when the event cannot happen in this state.
constexpr std::optional<State> next(State state, Event event) {
  for (const auto& row : lifecycle::kTable)
    if (row.from == state && row.event == event) return row.to;
  return std::nullopt;
}

/// Whether a process may still run: its lane is polled, and its exit is awaited.
constexpr bool is_alive(State state) { return state != State::Ended && state != State::Quarantined; }

/// "Spawned", ... for logs, `shunt ls` and journals.
std::string_view name(State state) noexcept;
std::string_view name(Event event) noexcept;

}  // namespace shunt
