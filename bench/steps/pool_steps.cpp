/// Loan and recycle of one chunk: our pool, the same under the host's lock, and iceoryx's own getChunk, which takes
/// from its free list and gives back to it. A good answer: ours is a tenth of iceoryx's, and the lock adds two locked
/// instructions.

#include "inbound_pool.hpp"
#include "pair.hpp"
#include "repeated.hpp"

#include <memory>

#include <iceoryx_hoofs/internal/posix_wrapper/shared_memory_object/allocator.hpp>
#include <iceoryx_posh/internal/mepoo/memory_manager.hpp>
#include <iceoryx_posh/mepoo/mepoo_config.hpp>

namespace shunt::bench {
namespace {

void loan_and_recycle(benchmark::State& state) {
  StepPool pool;

  for (auto _ : state) {
    const auto loan = pool.pool.loan(Pair::kPayloadBytes);
    benchmark::DoNotOptimize(loan->data);
    pool.pool.release(loan->chunk);
  }
}
BENCHMARK(loan_and_recycle)->Apply(repeated);

void loan_and_recycle_as_the_host_does(benchmark::State& state) {
  const auto pool = must(host::InboundPool::create(must(bus::PoolGeometry::of(kStepClasses))));

  for (auto _ : state) {
    const auto loan = pool->loan(Pair::kPayloadBytes);
    benchmark::DoNotOptimize(loan->data);
    pool->release(loan->chunk);
  }
}
BENCHMARK(loan_and_recycle_as_the_host_does)->Apply(repeated);

/// iceoryx's memory manager as the bus uses it: management in private memory.
struct IceoryxPool {
  IceoryxPool() {
    iox::mepoo::MePooConfig config;
    config.addMemPool({Pair::kPayloadBytes, 512});
    const auto management_bytes = iox::mepoo::MemoryManager::requiredManagementMemorySize(config) + 4096;
    const auto chunk_bytes = iox::mepoo::MemoryManager::requiredChunkMemorySize(config) + 4096;
    management_memory = std::make_unique<std::byte[]>(management_bytes);
    chunk_memory = std::make_unique<std::byte[]>(chunk_bytes);
    iox::posix::Allocator management{management_memory.get(), management_bytes};
    iox::posix::Allocator chunks{chunk_memory.get(), chunk_bytes};
    manager.configureMemoryManager(config, management, chunks);
  }

  std::unique_ptr<std::byte[]> management_memory;
  std::unique_ptr<std::byte[]> chunk_memory;
  iox::mepoo::MemoryManager manager;
};

void iceoryx_get_chunk_and_release(benchmark::State& state) {
  IceoryxPool pool;
  const auto settings = iox::mepoo::ChunkSettings::create(Pair::kPayloadBytes, 8).value();

  for (auto _ : state) {
    auto chunk = pool.manager.getChunk(settings);
    benchmark::DoNotOptimize(chunk);
  }
}
BENCHMARK(iceoryx_get_chunk_and_release)->Apply(repeated);

}  // namespace
}  // namespace shunt::bench
