/// Reading a clock. A good answer: CLOCK_MONOTONIC within tens of ns (it does not enter the kernel), which is why a
/// message reads it at most once per direction; the processor's counter at half of that or less.

#include "repeated.hpp"

#include <shunt/bench/clock.hpp>
#include <shunt/bus/clock.hpp>

namespace shunt::bench {
namespace {

void read_the_monotonic_clock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(bus::now_ns());
}
BENCHMARK(read_the_monotonic_clock)->Apply(repeated);

void read_the_processors_counter(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ticks());
}
BENCHMARK(read_the_processors_counter)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
