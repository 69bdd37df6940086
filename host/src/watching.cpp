/// What the data path tells the control loop, and the looks at who was sent something and does not come on.

#include "supervisor.hpp"

#include <shunt/bus/clock.hpp>

#include <new>

namespace shunt::host {

void Supervisor::on_breach(Instance& instance) noexcept {
  loop_.post([this, keep = instance.shared_from_this()] {
    if (Running* const running = find(*keep))
      running->process->end(Event::Breach, fmt::format("it broke the lane's contract: {}",
                                                       describe(keep->breached.load(std::memory_order_relaxed))));
  });
}

void Supervisor::on_suspect(Instance&) noexcept {
  // Acquire and release pair with watch(): it sees who is suspected, or we see that it has ended. The capture is small
  // enough for no heap to be asked.
  if (watching_.exchange(true, std::memory_order_acq_rel)) return;
  loop_.post([this] {
    loop_.after(Watchdog::kTick, [this] { watch(); });
    const auto is_guarded = [](const auto& each) { return !each.second.guarded.empty(); };
    if (!looking_ && std::ranges::any_of(plugins_, is_guarded)) keep_looking();
  });
}

void Supervisor::on_thrown(Instance& instance, const Error& what) noexcept {
  try {
    loop_.post([this, keep = instance.shared_from_this(), text = what.message] {
      note(HostEventKind::HandlerThrew, *keep, text);
    });
  } catch (const std::bad_alloc&) {  // its caller is told all the same
  }
}

void Supervisor::on_fallback(const RouteInfo& route, const Error& why) noexcept {
  try {
    loop_.post([this, &route, text = why.message] {
      events_.add({.kind = HostEventKind::FellBack,
                   .plugin = route.name.substr(0, route.name.find('/')),
                   .text = text,
                   .route = route.name});
    });
  } catch (const std::bad_alloc&) {  // it is counted all the same
  }
}

/// One tick for all: it comes again while something was sent lately or is not done.
void Supervisor::watch() {
  watching_.exchange(false, std::memory_order_acq_rel);  // before the looks: a suspicion meanwhile asks for a new tick
  const auto next_of_each = hub_->in_flight().next_of_each();
  bool again = false;
  for (auto& [instance, running] : running_) {
    if (!running.process->instance().suspected.load(std::memory_order_relaxed)) continue;
    const auto next = next_of_each.find(instance);
    watch(running, next == next_of_each.end() ? nullptr : &next->second);
    again |= running.process->instance().suspected.load(std::memory_order_relaxed);
  }
  if (again && !watching_.exchange(true, std::memory_order_acq_rel)) loop_.after(Watchdog::kTick, [this] { watch(); });
}

void Supervisor::watch(Running& running, const InFlight* next) {
  Instance& instance = running.process->instance();
  const PluginConfiguration& configuration = running.version->configuration;
  const auto look = [&] {
    return running.watchdog.look(instance, {configuration.grace, configuration.handler_max, configuration.hold_max},
                                 next, bus::now_ns(), EventLoop::Clock::now());
  };
  const bool waiting = hub_->flush_backlog(instance);  // nobody else does while the host's threads only publish
  Watchdog::Finding finding = look();
  if (!waiting && finding.verdict == Watchdog::Verdict::Fine && in_flight_with(instance) == 0) {
    // Before the last look: who sends or queues after it sees that, because both hold the same locks for it.
    instance.suspected.store(false, std::memory_order_relaxed);
    finding = look();
    if (finding.verdict != Watchdog::Verdict::Fine || hub_->flush_backlog(instance))
      instance.suspected.store(true, std::memory_order_relaxed);
  }
  if (const auto broken = instance.breached.load(std::memory_order_relaxed); broken != bus::Breach::None)
    return running.process->end(Event::Breach, fmt::format("it broke the lane's contract: {}", describe(broken)));
  const State state = running.process->state();
  if (state != State::Active && state != State::Draining) return;  // a phase has a deadline of its own
  if (finding.verdict == Watchdog::Verdict::Stuck) running.process->end(Event::HandlerStuck, finding.reason);
  if (finding.verdict == Watchdog::Verdict::Unanswered && !answered(instance, next->correlation))
    running.process->end(Event::HandlerStuck, finding.reason);
}

/// Whether the answer has come meanwhile, or was sent and nobody had drained it.
bool Supervisor::answered(const Instance& instance, std::uint64_t correlation) {
  hub_->drain_in_turn();
  const auto still = hub_->in_flight().look_up(correlation);
  return !still || still->target != &instance;
}

}  // namespace shunt::host
