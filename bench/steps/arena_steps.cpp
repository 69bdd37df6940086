/// A received payload into the host's read arena and the block back: what the read mode "copy" costs, and "auto" up to
/// 4 KiB. The argument is the size of the payload in bytes. Source and block stay in this core's cache; between
/// processes the source comes from the other core. A good answer: some 10 ns for small ones, and memcpy's pace above.

#include "read_arena.hpp"
#include "repeated.hpp"

#include <cstring>
#include <vector>

namespace shunt::bench {
namespace {

void copy_to_the_read_arena(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<std::byte> payload(size);
  const auto arena = host::ReadArena::create(4);

  for (auto _ : state) {
    host::ArenaBlock* const block = arena->take(size);
    std::memcpy(block->data, payload.data(), size);
    benchmark::ClobberMemory();
    host::ReadArena::give_back(block);
  }
}
BENCHMARK(copy_to_the_read_arena)->Arg(64)->Arg(1024)->Arg(4096)->Arg(64 << 10)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
