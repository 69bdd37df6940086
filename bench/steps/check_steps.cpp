/// What believing nothing costs: from a committed slot to a header that was copied once and checked. Timed: next()
/// alone, over a full ring. Not timed: filling the ring, freeing it, giving chunks back. A good answer: some 10 ns a
/// message, and a chunk's checks (class, index, generation, offset, not held already) a few more.

#include "pair.hpp"
#include "repeated.hpp"

#include <shunt/bench/clock.hpp>

#include <array>

namespace shunt::bench {
namespace {

constexpr auto kRing = bus::Ring::Data;

/// A full ring of messages, taken again and again.
class FullRing {
 public:
  explicit FullRing(bus::Place place) : place_(place) {}

  void fill() {
    bus::LaneSender& sender = pair_.host->sender;
    while (sender.has_room(kRing)) {
      if (place_ == bus::Place::Inline) sender.push(kRing, Pair::inline_header(), pair_.payload());
      else sender.push(kRing, Pair::chunk_header(*pair_.inbound.pool.loan(Pair::kPayloadBytes)), {});
    }
  }

  /// Ticks that taking every message needs.
  std::uint64_t take_all() {
    bus::LaneReceiver& receiver = pair_.plugin->receiver;
    const std::uint64_t start = ticks();
    for (Taken& taken : taken_) {
      const auto incoming = receiver.next(kRing);
      taken = {incoming->header.chunk, incoming->header.generation};
    }
    return ticks() - start;
  }

  void give_all_back() {
    bus::LaneReceiver& receiver = pair_.plugin->receiver;
    receiver.free(kRing);
    for (const Taken& taken : taken_)
      if (place_ == bus::Place::Chunk) receiver.give_back(taken.chunk, taken.generation);
    pair_.host->sender.harvest([this](bus::ChunkId chunk) { pair_.inbound.pool.release(chunk); });
  }

 private:
  struct Taken {
    bus::ChunkId chunk;
    std::uint32_t generation = 0;
  };

  bus::Place place_;
  Pair pair_;
  std::array<Taken, Pair::kSlots> taken_{};
};

void copy_and_check_headers(benchmark::State& state, bus::Place place) {
  const double seconds_per_tick = measure_ns_per_tick() / 1e9;
  FullRing ring{place};

  while (state.KeepRunningBatch(Pair::kSlots)) {
    ring.fill();
    state.SetIterationTime(static_cast<double>(ring.take_all()) * seconds_per_tick);
    ring.give_all_back();
  }
}
void copy_and_check_a_header_inline(benchmark::State& state) { copy_and_check_headers(state, bus::Place::Inline); }
void copy_and_check_a_header_chunk(benchmark::State& state) { copy_and_check_headers(state, bus::Place::Chunk); }
BENCHMARK(copy_and_check_a_header_inline)->UseManualTime()->Apply(repeated);
BENCHMARK(copy_and_check_a_header_chunk)->UseManualTime()->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
