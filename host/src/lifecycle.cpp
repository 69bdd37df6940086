#include "lifecycle.hpp"

namespace shunt {
namespace {

constexpr State state_of(std::size_t index) { return static_cast<State>(index); }
constexpr Event event_of(std::size_t index) { return static_cast<Event>(index); }

constexpr bool no_row_contradicts_another() {
  for (std::size_t i = 0; i < lifecycle::kTable.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (lifecycle::kTable[i].from == lifecycle::kTable[j].from &&
          lifecycle::kTable[i].event == lifecycle::kTable[j].event)
        return false;
  return true;
}

/// The only way into `to` is `event` out of `from`, or staying there.
constexpr bool only_way(State from, Event event, State to) {
  for (const auto& row : lifecycle::kTable)
    if (row.to == to && row.from != to && !(row.from == from && row.event == event)) return false;
  return next(from, event) == to;
}

/// In every state in which a process may run, `event` leads to `to`, and in no other state does it mean anything.
constexpr bool whenever_alive(Event event, State to) {
  for (std::size_t i = 0; i < kStateCount; ++i) {
    const auto after = next(state_of(i), event);
    if (is_alive(state_of(i)) ? after != to : after.has_value()) return false;
  }
  return true;
}

constexpr bool is_final(State state) {
  for (std::size_t i = 0; i < kEventCount; ++i)
    if (next(state, event_of(i))) return false;
  return true;
}

static_assert(no_row_contradicts_another());
static_assert(!next(State::Spawned, Event::Attachment), "never load code before confinement");
static_assert(only_way(State::Spawned, Event::Confinement, State::Confined));
static_assert(only_way(State::Confined, Event::Attachment, State::Attached));
static_assert(only_way(State::Attached, Event::PhaseDone, State::Initialised), "init comes first");
static_assert(only_way(State::Initialised, Event::PhaseDone, State::Validated), "validate follows init");
static_assert(next(State::Validated, Event::PhaseDone) == State::Active);
static_assert(next(State::Initialised, Event::PhaseFailed) == State::Cleaning, "a failed validate ends at cleanup");
static_assert(!next(State::Active, Event::DrainDone), "only what drains has drained");
static_assert(whenever_alive(Event::ExitSeen, State::Ended), "a death is seen in every state, once");
static_assert(whenever_alive(Event::Breach, State::Ending), "a breach ends the instance in every state");
static_assert(whenever_alive(Event::HostFailed, State::Ending), "what the host cannot follow it does not keep");
static_assert(whenever_alive(Event::EndAsked, State::Ending), "nothing holds up a host that ends at once");
static_assert(only_way(State::Ended, Event::CrashLimit, State::Quarantined));
static_assert(is_final(State::Quarantined), "only a new instance leaves quarantine");

}  // namespace

std::string_view name(State state) noexcept {
  switch (state) {
    case State::Spawned: return "Spawned";
    case State::Confined: return "Confined";
    case State::Attached: return "Attached";
    case State::Initialised: return "Initialised";
    case State::Validated: return "Validated";
    case State::Active: return "Active";
    case State::Draining: return "Draining";
    case State::Cleaning: return "Cleaning";
    case State::Ending: return "Ending";
    case State::Ended: return "Ended";
    case State::Quarantined: return "Quarantined";
  }
  return "Unknown";
}

std::string_view name(Event event) noexcept {
  switch (event) {
    case Event::Confinement: return "Confinement";
    case Event::Attachment: return "Attachment";
    case Event::PhaseDone: return "PhaseDone";
    case Event::PhaseFailed: return "PhaseFailed";
    case Event::DeadlinePassed: return "DeadlinePassed";
    case Event::StopAsked: return "StopAsked";
    case Event::DrainDone: return "DrainDone";
    case Event::Resume: return "Resume";
    case Event::HandlerStuck: return "HandlerStuck";
    case Event::Breach: return "Breach";
    case Event::HostFailed: return "HostFailed";
    case Event::EndAsked: return "EndAsked";
    case Event::ExitSeen: return "ExitSeen";
    case Event::CrashLimit: return "CrashLimit";
  }
  return "Unknown";
}

}  // namespace shunt
