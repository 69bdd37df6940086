/// What a plugin process leaves to be published when it vanishes.

#include "plugin_process.hpp"

namespace shunt::host {
/// From validate on. While it is cleaned up it may have sent one before it heard of that.
void PluginProcess::accept_will(const control::Will& will) {
  if (state_ == State::Cleaning) return;
  if (state_ < State::Initialised) return end(Event::Breach, broken(bus::Breach::Control));
  const auto taken = listener_.on_will(*instance_, will);
  if (taken) return;
  if (state_ < State::Active) return fail_phase(taken.error());
  end(Event::Breach, taken.error().message);
}

/// What it had said when it ended by itself: also the last will that it left a moment before counts.
void PluginProcess::take_last_packets() {
  if (!plugin_ || plugin_closed_ || (state_ != State::Active && state_ != State::Draining)) return;
  while (true) {
    auto packet = receive_packet(plugin_.get());
    if (!packet || !*packet) return;
    const auto* const will = (*packet)->message().body_as_Will();
    if (will != nullptr && !listener_.on_will(*instance_, *will)) return;
  }
}

void PluginProcess::after_validate() {
  if (const auto ready = listener_.on_validated(*instance_); !ready) return fail_phase(ready.error());
  move(Event::PhaseDone);
  enter(control::Phase::Activate);
}

/// For what the host found wrong before the plugin served; code that was loaded is cleaned up after.
void PluginProcess::fail_phase(const Error& why) {
  tell_who_started_it(why);
  listener_.on_phase_failed(*instance_, why);
  note_failure(CrashKind::Phase);
  move(Event::PhaseFailed);
  enter(control::Phase::Cleanup);
}

}  // namespace shunt::host
