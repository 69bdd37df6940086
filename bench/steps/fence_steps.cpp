/// The fence between a commit and the look at the peer's "I am asleep" (doorbell.hpp), and what a wake() costs while
/// nobody sleeps. A good answer: the fence is most of the wake-up's price and a few ns; routes that only spin go
/// without it.

#include "repeated.hpp"

#include <shunt/bus/doorbell.hpp>

namespace shunt::bench {
namespace {

void store(benchmark::State& state) {
  std::atomic<std::uint64_t> commit{0};
  std::uint64_t next = 0;

  for (auto _ : state) {
    commit.store(++next, std::memory_order_release);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(store)->Apply(repeated);

void store_and_fence(benchmark::State& state) {
  std::atomic<std::uint64_t> commit{0};
  std::uint64_t next = 0;

  for (auto _ : state) {
    commit.store(++next, std::memory_order_release);
    bus::FullFence::stand();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(store_and_fence)->Apply(repeated);

void store_and_ring_while_nobody_sleeps(benchmark::State& state) {
  std::atomic<std::uint64_t> commit{0};
  std::uint64_t next = 0;
  bus::Doorbell mine;
  const bus::Doorbell peer;

  for (auto _ : state) {
    commit.store(++next, std::memory_order_release);
    bus::ring(mine, peer);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(store_and_ring_while_nobody_sleeps)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
