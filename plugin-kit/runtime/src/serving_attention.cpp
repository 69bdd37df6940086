/// What serving threads do beside messages, between two of them.
///
/// Where there are several workers, one of them at a time does all of it, whichever comes first: so nothing of it runs
/// beside itself. It does not watch meanwhile, and takes no messages; the others do.

#include "serving_loop.hpp"

namespace shunt::kit {

/// Whether anything was done.
bool ServingLoop::attend(Hand& hand) noexcept {
  if (!begin_attending(hand)) return false;
  const std::uint32_t raised = runtime_.attention.raised();
  bool any = false;
  if ((raised & Attention::Health) != 0) {
    runtime_.attention.lower(Attention::Health);
    health_.ask(hand);
    any = true;
  }
  end_attending();
  return any;
}

bool ServingLoop::begin_attending(Hand& hand) noexcept {
  if (!runtime_.crew.several()) return true;
  if (!has_attention_turn()) return false;  // a look without the lock
  const ThreadsLock::Hold hold{runtime_.lock};
  if (!has_attention_turn()) return false;
  attending_.store(true, std::memory_order_relaxed);  // changed under the lock
  if (runtime_.crew.leave_watch(hand, has_turn_held())) commands_.nudge();
  return true;
}

void ServingLoop::end_attending() noexcept {
  if (!runtime_.crew.several()) return;
  const ThreadsLock::Hold hold{runtime_.lock};
  attending_.store(false, std::memory_order_relaxed);
}

/// Whether there is something to do beside messages, and nobody does it.
bool ServingLoop::has_attention_turn() const noexcept {
  return runtime_.attention.raised() != 0 && !attending_.load(std::memory_order_relaxed);
}

}  // namespace shunt::kit
