/// What plugins say of their health: kept, told, and followed by the route table.
#include "health.hpp"

#include "escaped.hpp"
#include "supervisor.hpp"

#include <utility>

namespace shunt::host {
namespace {

constexpr std::size_t kReasonBytesMax = 200;
constexpr std::chrono::milliseconds kAppliedEvery{100};  ///< A table for each change, and no faster.

}  // namespace

std::string_view name(HealthState state) noexcept {
  switch (state) {
    case HealthState::Serving: return "Serving";
    case HealthState::Degraded: return "Degraded";
    case HealthState::NotServing: return "NotServing";
  }
  return "Unknown";
}

/// What it says last counts: a flood of changes costs one table in kAppliedEvery.
void Supervisor::on_health(Instance& instance, const control::Health& said) {
  Running* const running = find(instance);
  if (running == nullptr) return;
  const auto reason = said.reason() == nullptr ? std::string_view{} : said.reason()->string_view();
  running->says = Health{static_cast<HealthState>(said.state()), escaped(reason, kReasonBytesMax)};
  if (running->health_timer != 0) return;
  const auto since = EventLoop::Clock::now() - running->health_applied;
  if (since >= kAppliedEvery) return apply_health(*running);
  running->health_timer = loop_.after(kAppliedEvery - since, [this, keep = instance.shared_from_this()] {
    Running* const still = find(*keep);
    if (still == nullptr) return;
    still->health_timer = 0;
    apply_health(*still);
  });
}

/// Kept as it was said last, for people.
void Supervisor::on_validations(Instance& instance, const control::Validations& said) {
  constexpr std::size_t kTypesMax = 64;
  constexpr std::size_t kNameBytesMax = 200;
  Running* const running = find(instance);
  if (running == nullptr || said.types() == nullptr) return;
  running->validators.clear();
  for (const auto* const each : *said.types()) {
    if (running->validators.size() == kTypesMax) return;
    const auto name = each->type() == nullptr ? std::string_view{} : each->type()->string_view();
    running->validators.push_back({escaped(name, kNameBytesMax), each->checked(), each->refused(),
                                   each->timed() == 0 ? 0 : each->took_ns() / each->timed()});
  }
}

void Supervisor::apply_health(Running& running) {
  const auto now = EventLoop::Clock::now();
  if (running.says == running.health) return;
  const bool was_off = running.health.state == HealthState::NotServing;
  running.health = running.says;
  running.health_applied = now;
  const Instance& instance = running.process->instance();
  if (was_off || running.health.state == HealthState::NotServing) {
    publish_table();
    hub_->flush_backlogs();
  }
  if (!running.health_events.take(now)) return static_cast<void>(++running.health_untold);
  std::string text{name(running.health.state)};
  if (!running.health.reason.empty()) text += ": " + running.health.reason;
  if (const auto untold = std::exchange(running.health_untold, 0u); untold > 0)
    text += fmt::format(" ({} changes before were not told)", untold);
  note(HostEventKind::HealthChanged, instance, std::move(text));
}

/// Of whoever serves there; null: nobody does.
const Health* Supervisor::health_of(const Seat& seat) const {
  const auto found = running_.find(seat.current.get());
  return found == running_.end() ? nullptr : &found->second.health;
}

/// Why the functions of the plugin get no calls, by the word of all of its instances; empty: they do.
std::string Supervisor::why_unhealthy(const Plugin& plugin, const std::string& name) const {
  const Health* last = nullptr;
  for (const auto& [number, seat] : plugin.seats) {
    const Health* const health = health_of(seat);
    if (health == nullptr) continue;
    if (health->state != HealthState::NotServing) return {};
    last = health;
  }
  if (last == nullptr) return {};
  const std::string& reason = last->reason;
  return fmt::format("\"{}\" says that it does not serve{}{}", name, reason.empty() ? "" : ": ", reason);
}

}  // namespace shunt::host
