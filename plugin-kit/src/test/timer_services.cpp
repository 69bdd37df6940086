/// The timers of plugin.h for a plugin under test, whose clock goes on when its test says so.

#include "timer_services.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace shunt::test {
namespace {

int refuse(const shunt_timer& how, int code) {
  if (how.release != nullptr) how.release(how.data);
  return code;
}

}  // namespace

std::int64_t clock_ns(shunt_runtime* runtime) {
  return of(runtime).clock_ns.fetch_add(of(runtime).clock_step, std::memory_order_relaxed);
}

int timer_start(shunt_runtime* runtime, const shunt_timer* how, std::uint64_t* timer) {
  auto& state = of(runtime);
  *timer = 0;
  if (how->size < sizeof(shunt_timer))
    return state.error.set(ErrorCode::BadInput, "a shunt_timer of {} bytes cannot be: the least has {}", how->size,
                           sizeof(shunt_timer));
  shunt_timer said{};
  std::memcpy(&said, how, std::min<std::size_t>(how->size, sizeof said));
  if (state.serving.load(std::memory_order_relaxed) != std::this_thread::get_id())
    return refuse(said,
                  state.error.set(ErrorCode::BadInput, "only activate and handlers start timers, on their own thread"));
  if (!state.may_start_timers)
    return refuse(said, state.error.set(ErrorCode::Undeclared, "timers run from activate on, until cleanup begins"));
  if (said.fire == nullptr || said.delay_ns < 0 || said.period_ns < 0)
    return refuse(said, state.error.set(ErrorCode::BadInput,
                                        "a timer has a handler, and neither delay ({} ns) nor period ({} ns) is "
                                        "below 0",
                                        said.delay_ns, said.period_ns));
  if (state.timers.start(said, state.clock_ns.load(std::memory_order_relaxed), *timer)) return SHUNT_OK;
  return refuse(
      said, state.error.set(ErrorCode::QuotaExceeded, "there are {} timers already: cancel some", kit::Timers::kMax));
}

void timer_cancel(shunt_runtime* runtime, std::uint64_t timer) {
  auto& state = of(runtime);
  if (state.serving.load(std::memory_order_relaxed) == std::this_thread::get_id() || !state.inside)
    state.timers.cancel(timer);
}

}  // namespace shunt::test
