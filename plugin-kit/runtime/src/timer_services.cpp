/// The services of plugin.h that start and cancel timers.

#include "serving_state.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace shunt::kit {
namespace {

constexpr std::size_t kTimerBytesMin = sizeof(shunt_timer);  ///< Of the first shunt_timer that there was.

int refuse(const shunt_timer& how, int code) {
  if (how.release != nullptr) how.release(how.data);
  return code;
}

/// Who sleeps may sleep too long now, and we may be in a handler that lasts.
void tell_others(shunt_runtime& runtime) noexcept {
  const ThreadsLock::Hold hold{runtime.lock};
  if (runtime.crew.call_taker()) runtime.commands.nudge();
}

}  // namespace

std::int64_t clock_ns(shunt_runtime* runtime) { return runtime->clock.now_ns(); }

int timer_start(shunt_runtime* runtime, const shunt_timer* how, std::uint64_t* timer) {
  *timer = 0;
  if (how->size < kTimerBytesMin)
    return runtime->error.set(ErrorCode::BadInput, "a shunt_timer of {} bytes cannot be: the least has {}", how->size,
                              kTimerBytesMin);
  shunt_timer said{};
  std::memcpy(&said, how, std::min<std::size_t>(how->size, sizeof said));
  if (this_hand() == nullptr)
    return refuse(
        said, runtime->error.set(ErrorCode::BadInput, "only activate and handlers start timers, on their own thread"));
  if (!runtime->may_start_timers)
    return refuse(said, runtime->error.set(ErrorCode::Undeclared, "timers run from activate on, until cleanup begins"));
  if (said.fire == nullptr || said.delay_ns < 0 || said.period_ns < 0)
    return refuse(said, runtime->error.set(ErrorCode::BadInput,
                                           "a timer has a handler, and neither delay ({} ns) nor period "
                                           "({} ns) is below 0",
                                           said.delay_ns, said.period_ns));
  const std::int64_t next_ns = runtime->timers.next_due_ns();
  try {
    if (!runtime->timers.start(said, runtime->clock.now_ns(), *timer))
      return refuse(
          said, runtime->error.set(ErrorCode::QuotaExceeded, "there are {} timers already: cancel some", Timers::kMax));
  } catch (const std::bad_alloc&) {
    return refuse(said, runtime->error.set(ErrorCode::System, "no memory for a timer"));
  }
  if (runtime->clock.is_driven()) return SHUNT_OK;
  runtime->attention.raise(Attention::Timers);
  if (runtime->crew.several() && runtime->timers.next_due_ns() < next_ns) tell_others(*runtime);
  return SHUNT_OK;
}

void timer_cancel(shunt_runtime* runtime, std::uint64_t timer) {
  if (this_hand() != nullptr) runtime->timers.cancel(timer);
}

}  // namespace shunt::kit
