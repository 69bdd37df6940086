#pragma once
/// Putting a crash report together: what its warden and the host saw, and what the plugin left in its lane.

#include "in_flight.hpp"
#include "plugin_process.hpp"
#include "route_info.hpp"

#include <shunt/host/crash.hpp>

namespace shunt::host {

/// What the plugin process wrote of itself, once nobody writes there any more: checked, cut and escaped.
[[nodiscard]] PluginsWord read_crash_note(const Instance& instance);

/// None: no handler was entered, or the message was overwritten since. Before fail_over(), which gives every request
/// its outcome.
[[nodiscard]] std::optional<LastMessage> last_message(Instance& instance, InFlightTable& in_flight,
                                                      RouteDirectory& directory);

/// All but `last`, `denied` and `phase_error`.
[[nodiscard]] CrashReport report_of(const Instance& instance, const Death& death);

/// "; says the plugin: ..." behind a sentence of ours; empty when it is silent.
[[nodiscard]] std::string account_of(const PluginsWord& word);

}  // namespace shunt::host
