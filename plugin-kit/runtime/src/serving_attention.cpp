/// What serving threads do beside messages, between two of them.
///
/// Where there are several workers, one of them at a time does all of it, whichever comes first: so nothing of it runs
/// beside itself. It does not watch meanwhile, and takes no messages; the others do.

#include "serving_loop.hpp"

namespace shunt::kit {

/// Whether anything was done, but for health.
bool ServingLoop::attend(Hand& hand) noexcept {
  if (!begin_attending(hand)) return false;
  const std::uint32_t raised = runtime_.attention.raised();
  bool any = false;
  if ((raised & Attention::Health) != 0) {
    runtime_.attention.lower(Attention::Health);
    health_.ask(hand);
  }
  if ((raised & Attention::Timers) != 0) any |= run_timers(hand, runtime_.clock.now_ns());
  if ((raised & Attention::Clock) != 0) {
    runtime_.attention.lower(Attention::Clock);
    any |= advance_clock(hand);
  }
  end_attending();
  return any;
}

bool ServingLoop::begin_attending(Hand& hand) noexcept {
  if (!runtime_.crew.several()) return true;
  if (!has_attention_turn()) return false;  // a look without the lock
  const ThreadsLock::Hold hold{runtime_.lock};
  if (!has_attention_turn()) return false;
  attending_.store(Attending::Yes, std::memory_order_relaxed);
  if (runtime_.crew.leave_watch(hand, has_turn_held())) commands_.nudge();
  return true;
}

void ServingLoop::end_attending() noexcept {
  if (!runtime_.crew.several()) return;
  const ThreadsLock::Hold hold{runtime_.lock};
  const bool missed = attending_.load(std::memory_order_relaxed) == Attending::MissedByOthers;
  attending_.store(Attending::No, std::memory_order_relaxed);
  // We may be about to take a message that lasts.
  if (missed && runtime_.crew.call_taker()) commands_.nudge();
}

/// Whether there is something to do beside messages, and nobody does it.
bool ServingLoop::has_attention_turn() const noexcept {
  const std::uint32_t raised = runtime_.attention.raised();
  if (raised == 0 || attending_.load(std::memory_order_relaxed) != Attending::No) return false;
  return raised != Attention::Timers || runtime_.timers.next_due_ns() <= runtime_.clock.now_ns();
}

/// Under the lock: when the next timer is due for whoever is about to sleep; INT64_MAX: never, or another one sees to
/// it, who says so afterwards.
std::int64_t ServingLoop::timers_due_ns_held() noexcept {
  if ((runtime_.attention.raised() & Attention::Timers) == 0) return INT64_MAX;
  if (attending_.load(std::memory_order_relaxed) == Attending::No) return runtime_.timers.next_due_ns();
  attending_.store(Attending::MissedByOthers, std::memory_order_relaxed);
  return INT64_MAX;
}

}  // namespace shunt::kit
