/// Building one FlatBuffer with the builder that Publisher, Function and the kit use: inside a message, in a chunk, and
/// along the spill path, where what is built outgrows its memory. Timed: loan, build, finish, recycle. Not timed: the
/// send. A good answer: a chunk costs a message's price and its loan; spilling costs the copies it makes, and nobody
/// pays it twice in a row, because the next build of a route starts with what the last one needed.

#include "page.hpp"
#include "pair.hpp"
#include "repeated.hpp"

#include <shunt/bus/builder.hpp>
#include <shunt/schemas/market_generated.h>

namespace shunt::bench {
namespace {

class Chunks final : public bus::ChunkSource {
 public:
  explicit Chunks(bus::ChunkPool& pool) : pool_(pool) {}

  Result<bus::Loan> loan(std::size_t bytes) override {
    const auto chunk = pool_.loan(bytes);
    if (!chunk) return error(ErrorCode::QuotaExceeded, "no chunk of {} bytes is free", bytes);
    return bus::Loan{reinterpret_cast<std::uint8_t*>(chunk->data), chunk->capacity,
                     std::uint64_t{chunk->generation} << 32 | chunk->chunk.packed};
  }
  void give_back(const bus::Loan& loan) noexcept override { pool_.release({static_cast<std::uint32_t>(loan.handle)}); }

 private:
  bus::ChunkPool& pool_;
};

/// One payload in `state`'s time; `hint` is what its route remembers.
template <typename Root, typename Build>
void build_once(Chunks& chunks, bus::SizeHint& hint, bus::Payload place, const Build& build) {
  alignas(8) std::uint8_t scratch[bus::kScratchBytes];
  bus::InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
  const auto built = builder.build<Root>(build, hint, place);
  benchmark::DoNotOptimize(built->sample.data);
  if (built->sample.handle != 0) chunks.give_back(built->sample);
}

flatbuffers::Offset<market::Bar> bar(flatbuffers::FlatBufferBuilder& builder) {
  return market::CreateBar(builder, 1, 20000103, 1469.25, 1478.0, 1438.36, 1455.22, 931'800'000);
}

void build_bar(benchmark::State& state, bus::Payload place) {
  StepPool pool{std::array{bus::SizeClass{256, 16}}};
  Chunks chunks{pool.pool};
  bus::SizeHint hint;

  for (auto _ : state) build_once<market::Bar>(chunks, hint, place, bar);
}
void build_inside_a_message(benchmark::State& state) { build_bar(state, bus::Payload::Auto); }
void build_in_a_chunk(benchmark::State& state) { build_bar(state, bus::Payload::Chunk); }
BENCHMARK(build_inside_a_message)->Apply(repeated);
BENCHMARK(build_in_a_chunk)->Apply(repeated);

constexpr std::size_t kSpillingBytes = 900;

/// `remembers`: the route has sent such a page before.
void build_page(benchmark::State& state, bool remembers) {
  StepPool pool;
  Chunks chunks{pool.pool};
  const std::size_t rows = rows_for(kSpillingBytes);
  bus::SizeHint known;
  const auto build = [rows](flatbuffers::FlatBufferBuilder& builder) { return make_page(builder, rows); };
  build_once<Page>(chunks, known, bus::Payload::Auto, build);

  for (auto _ : state) {
    bus::SizeHint fresh;
    build_once<Page>(chunks, remembers ? known : fresh, bus::Payload::Auto, build);
  }
}
void build_1_kib_where_it_fits_at_once(benchmark::State& state) { build_page(state, true); }
void build_1_kib_spilling_from_scratch(benchmark::State& state) { build_page(state, false); }
BENCHMARK(build_1_kib_where_it_fits_at_once)->Apply(repeated);
BENCHMARK(build_1_kib_spilling_from_scratch)->Apply(repeated);

/// No class is large enough for what FlatBuffers asks on the way: heap, then one chunk of the true size.
void build_1_kib_through_the_heap(benchmark::State& state) {
  StepPool pool{std::array{bus::SizeClass{1024, 16}}};
  Chunks chunks{pool.pool};
  const std::size_t rows = rows_for(kSpillingBytes);

  for (auto _ : state) {
    bus::SizeHint fresh;
    build_once<Page>(chunks, fresh, bus::Payload::Auto,
                     [rows](flatbuffers::FlatBufferBuilder& builder) { return make_page(builder, rows); });
  }
}
BENCHMARK(build_1_kib_through_the_heap)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
