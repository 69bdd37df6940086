#include "memory_pools.hpp"

#include <algorithm>

namespace shunt::bridges {

MemoryPools::MemoryPools(const iox::mepoo::MemoryManager& manager) : manager_(manager) {
  for (std::uint32_t pool = 0; pool < manager.getNumberOfMemPools(); ++pool)
    chunk_bytes_.push_back(manager.getMemPoolInfo(pool).m_chunkSize);
}

/// iceoryx takes the smallest that fits, and no larger one when that is used up.
bool MemoryPools::has(std::uint32_t chunk_bytes) const {
  const auto pool = std::ranges::lower_bound(chunk_bytes_, chunk_bytes);
  if (pool == chunk_bytes_.end()) return false;
  const auto info = manager_.getMemPoolInfo(static_cast<std::uint32_t>(pool - chunk_bytes_.begin()));
  return info.m_usedChunks < info.m_numChunks;
}

}  // namespace shunt::bridges
