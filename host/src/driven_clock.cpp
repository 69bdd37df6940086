/// Clocks of plugins that go on when somebody says so: for tests and replay.
#include "control_socket.hpp"
#include "supervisor.hpp"
#include "units.hpp"

#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <utility>

namespace shunt::host {

bool PluginProcess::advance_clock(std::uint64_t by_ns) {
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateAdvance(builder, by_ns));
  if (!send_packet(plugin_.get(), builder, {})) return false;
  ++advances_;
  return true;
}

void Supervisor::advance_clock(const std::string& name, std::chrono::nanoseconds by, std::chrono::nanoseconds within,
                               Advanced done) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return done(error(ErrorCode::NoSuchPlugin, "there is no plugin \"{}\": see `shunt ls`", name));
  if (!is_name(name)) return done(error(ErrorCode::BadInput, "\"{}\" is a bridge, which has no clock", name));
  if (by.count() < 0 || by > kAdvanceMax)
    return done(
        error(ErrorCode::BadInput, "a clock goes on by 0 to {} at a time, and never back", duration_text(kAdvanceMax)));
  if (plugin->serving->configuration.clock != PluginClock::Driven)
    return done(error(ErrorCode::BadInput,
                      "the clock of \"{}\" goes on by itself: write clock = \"driven\" into its "
                      "[[plugin]]",
                      name));
  const auto current = plugin->seats.begin()->second.current;  // one whose clock is driven has one seat
  Running* const running = current == nullptr ? nullptr : find(*current);
  if (running == nullptr) return done(error(ErrorCode::NotServing, "\"{}\" does not run now", name));
  // What is warm keeps the same time, and nobody waits for its timers.
  for (const Warm& warm : plugin->warm) {
    Running* const other = warm.instance == nullptr ? nullptr : find(*warm.instance);
    if (other == nullptr) continue;
    if (!other->process->advance_clock(static_cast<std::uint64_t>(by.count())))
      other->process->end(Event::DeadlinePassed, "its clock could not be told to go on: its control socket is full");
    else other->advances.push_back({++last_advance_, plugin->clock + by, 0, {}});
  }
  if (!running->process->advance_clock(static_cast<std::uint64_t>(by.count())))
    return done(error(ErrorCode::NotServing, "\"{}\" cannot be told: its control socket is full or closed", name));
  plugin->clock += by;
  const std::uint64_t number = ++last_advance_;
  const auto timer = loop_.after(within, [this, keep = current, number, name, within] {
    Running* const late = find(*keep);
    if (late == nullptr) return;
    for (Advancing& each : late->advances)
      if (each.number == number && each.done)
        std::exchange(each.done,
                      {})(error(ErrorCode::DeadlineExceeded, "the timers of \"{}\" have not run within {}: they go on",
                                name, duration_text(within)));
  });
  running->advances.push_back({number, plugin->clock, timer, std::move(done)});
}

/// In the order in which they were asked.
void Supervisor::on_advanced(Instance& instance, std::uint64_t fired) {
  Running* const running = find(instance);
  if (running == nullptr || running->advances.empty()) return;
  const Advancing first = std::move(running->advances.front());
  running->advances.pop_front();
  loop_.cancel(first.timer);
  if (first.done) first.done(ClockAdvance{first.then, fired});
}

/// Whoever waits for the timers of an instance that has ended.
void Supervisor::end_advances(Running& running, const std::string& why) {
  for (Advancing& each : running.advances) {
    loop_.cancel(each.timer);
    if (each.done) std::exchange(each.done, {})(error(ErrorCode::PluginCrashed, "{} before its timers had run", why));
  }
  running.advances.clear();
}

}  // namespace shunt::host
