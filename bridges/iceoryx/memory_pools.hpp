#pragma once
/// The pools that a publisher's chunks come from, as far as asking for a chunk needs them: iceoryx ends the process
/// that asks for more than the largest one holds, and prints when a pool is used up. So it is asked for what there is
/// only.

#include <cstdint>
#include <vector>

#include <iceoryx_posh/internal/mepoo/memory_manager.hpp>

namespace shunt::bridges {

class MemoryPools {
 public:
  explicit MemoryPools(const iox::mepoo::MemoryManager& manager);

  /// Whether a chunk of `chunk_bytes`, headers included, is there now. Another process may take it first.
  [[nodiscard]] bool has(std::uint32_t chunk_bytes) const;

 private:
  const iox::mepoo::MemoryManager& manager_;
  std::vector<std::uint32_t> chunk_bytes_;  // by pool, rising
};

}  // namespace shunt::bridges
