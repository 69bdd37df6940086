/// Several threads that run handlers. Each takes messages for itself, under the lock; while there are none, one watches
/// and the others rest.

#include "serving_loop.hpp"

namespace shunt::kit {

/// Whoever watches looks after timers, unless it takes nothing.
std::chrono::nanoseconds ServingLoop::longest_rest_held() noexcept {
  if (commands_.waiting() || has_turn_held()) return std::chrono::nanoseconds{0};
  return runtime_.crew.is_taken_care_of() ? std::chrono::nanoseconds{bus::kSleepMax} : until_due_held();
}

bool ServingLoop::work(Hand& hand) noexcept {
  Crew& crew = runtime_.crew;
  Patience patience{runtime_.contract.wait};
  bool looks = true;  // after a message, or after a rest that may have been ended for one
  bool broken = false;
  while (!commands_.waiting() && !broken) {
    if (runtime_.attention.raised() != 0 && attend(hand)) [[unlikely]] {
      patience.renew();
      looks = true;
    }
    const bool watches = crew.watch(hand, Crew::Rest::Idle);
    if (watches) runtime_.calls.take_replies();
    if ((watches || looks || !crew.is_taken_care_of()) && serve_out_of_order(hand)) {
      patience.renew();
      looks = true;
      continue;
    }
    if (watches) {
      const ThreadsLock::Hold hold{runtime_.lock};
      broken = lane_.receiver.breach() != bus::Breach::None;
    }
    looks = false;
    if (!patience.wants_sleep()) continue;
    if (watches) sleep();
    else crew.rest(hand, Crew::Rest::Idle, [this] { return longest_rest_held(); });
    looks = true;
  }
  crew.leave(hand);
  return !broken;
}

}  // namespace shunt::kit
