/// A message of 64 bytes through all steps of a lane, both ends in one thread: the instructions without the transfer of
/// cache lines between two cores, which is what a round trip between processes adds (`shunt bench roundtrip`). A good
/// answer: tens of ns, and the chunk above the inline payload by its loan, return and harvest.

#include "pair.hpp"
#include "repeated.hpp"

#include <memory>

namespace shunt::bench {
namespace {

constexpr auto kRing = bus::Ring::Data;

void handle_next(bus::LaneReceiver& receiver) {
  const auto incoming = receiver.next(kRing);
  receiver.mark_begun(kRing);
  benchmark::DoNotOptimize(incoming->payload.data());
  receiver.mark_done(kRing);
  receiver.free(kRing);
  if (incoming->header.place == bus::Place::Chunk)
    receiver.give_back(incoming->header.chunk, incoming->header.generation);
}

void send_take_done_free_inline(benchmark::State& state) {
  Pair pair;
  bus::LaneSender& sender = pair.host->sender;

  for (auto _ : state) {
    benchmark::DoNotOptimize(sender.has_room(kRing));
    sender.push(kRing, Pair::inline_header(), pair.payload());
    sender.wake();
    handle_next(pair.plugin->receiver);
  }
}
BENCHMARK(send_take_done_free_inline)->Apply(repeated);

void send_take_done_free_chunk(benchmark::State& state) {
  Pair pair;
  bus::ChunkPool& pool = pair.inbound.pool;
  bus::LaneSender& sender = pair.host->sender;

  for (auto _ : state) {
    const auto loan = pool.loan(Pair::kPayloadBytes);
    benchmark::DoNotOptimize(sender.has_room(kRing));
    sender.push(kRing, Pair::chunk_header(*loan), {});
    sender.wake();
    handle_next(pair.plugin->receiver);
    sender.harvest([&](bus::ChunkId chunk) { pool.release(chunk); });
  }
}
BENCHMARK(send_take_done_free_chunk)->Apply(repeated);

void return_and_harvest_one_item(benchmark::State& state) {
  constexpr std::uint32_t kItems = 512;
  const auto items = std::make_unique<std::atomic<std::uint64_t>[]>(kItems);
  bus::ReturnWriter writer{items.get(), kItems};
  bus::ReturnReader reader{items.get(), kItems};

  for (auto _ : state) {
    writer.give_back({bus::ChunkId::of(0, 7), 3});
    benchmark::DoNotOptimize(reader.next());
  }
}
BENCHMARK(return_and_harvest_one_item)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
