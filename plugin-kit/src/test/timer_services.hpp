#pragma once
/// The services of plugin.h that have to do with timers, for a plugin under test.

#include "state.hpp"

namespace shunt::test {

std::int64_t clock_ns(shunt_runtime* runtime);
int timer_start(shunt_runtime* runtime, const shunt_timer* how, std::uint64_t* timer);
void timer_cancel(shunt_runtime* runtime, std::uint64_t timer);

}  // namespace shunt::test
