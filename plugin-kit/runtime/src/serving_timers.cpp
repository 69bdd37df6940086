/// Timers, on either clock, between two messages: of several workers, one at a time runs them.

#include "catch_all.hpp"
#include "serving_loop.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <new>

namespace shunt::kit {

/// Those that are due now, each once: messages have their turn between two rounds, however long handlers take.
bool ServingLoop::run_timers(Hand& hand, std::int64_t now_ns) noexcept {
  Timers& timers = runtime_.timers;
  bool any = false;
  while (timers.next_due_ns() <= now_ns)
    any |= timers.fire_next(now_ns, [&](const auto& timer, const auto& tick) { fire(hand, timer, tick); });
  if (timers.next_due_ns() != INT64_MAX) return any;
  runtime_.attention.lower(Attention::Timers);
  // Another worker may have started one meanwhile, and raised it before we lowered it.
  if (timers.next_due_ns() != INT64_MAX) runtime_.attention.raise(Attention::Timers);
  return any;
}

/// Step by step, so that each timer runs at the moment at which it is due, however far the clock is to go.
bool ServingLoop::advance_clock(Hand& hand) noexcept {
  PluginClock& clock = runtime_.clock;
  try {
    for (const std::uint64_t by_ns : clock.take_asked()) {
      const std::int64_t until_ns =
          bus::deadline_after(clock.now_ns(), std::chrono::nanoseconds{static_cast<std::int64_t>(by_ns)});
      control::AdvancedT advanced;
      while (!commands_.waiting()) {
        const std::int64_t due_ns = runtime_.timers.next_due_ns();
        if (due_ns > until_ns) break;
        clock.set(std::max(clock.now_ns(), due_ns));
        const bool fired = runtime_.timers.fire_next(
            clock.now_ns(), [&](const auto& timer, const auto& tick) { fire(hand, timer, tick); });
        if (fired) ++advanced.fired;
      }
      clock.set(std::max(clock.now_ns(), until_ns));
      advanced.clock_ns = clock.now_ns();
      static_cast<void>(host_.send(advanced));  // a host that is gone is noticed by the receiver
    }
  } catch (const std::bad_alloc&) {  // the host waits until its patience ends
  }
  return true;
}

void ServingLoop::fire(Hand& hand, const Timers::Timer& timer, const shunt_tick& tick) noexcept {
  hand.in_hand = {};
  hand.in_hand.timer = true;
  hand.thrown.count = 0;
  runtime_.cancellations.begin(hand.index, 0);
  shunt_message message{};
  message.index = SHUNT_NO_INDEX;
  runtime_.own_work.begin("timer", bus::now_ns());
  const char* const thrown = catch_all(runtime_, hand, [&] { timer.fire(timer.data, &message, &tick); });
  runtime_.own_work.end();
  if (thrown != nullptr) report_unanswered(runtime_, hand, thrown);
  if (hand.in_hand.failed) {
    const ThreadsLock::Hold hold{runtime_.lock};
    add_one(lane_.mine().statistics.failed);
  }
  hand.in_hand = {};
}

}  // namespace shunt::kit
