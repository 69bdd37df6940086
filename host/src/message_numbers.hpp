#pragma once
/// Numbers for the messages of a route that is split, a block at a time: threads that send on one route share no line
/// for them but once in kBlock messages.
///
/// The numbers of one thread follow each other within a block. Whoever sends one message only and goes leaves the rest
/// of its block unused: numbers kBlock apart are equidistributed, too.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shunt::host {

inline constexpr std::uint64_t kNumberBlock = 64;

/// `given` is how many have been given out of the route's, which `route` numbers. Relaxed: only that no two threads get
/// the same block counts.
[[nodiscard]] inline std::uint64_t next_number(std::atomic<std::uint64_t>& given, std::uint32_t route) noexcept {
  struct Block {
    const std::atomic<std::uint64_t>* of = nullptr;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  constexpr std::size_t kRoutes = 1024;  // that a thread sends on in turn without losing its blocks; 24 KiB for each
  thread_local constinit std::array<Block, kRoutes> blocks{};
  Block& block = blocks[route % kRoutes];
  if (block.of != &given || block.next == block.end) [[unlikely]] {
    block.next = given.fetch_add(kNumberBlock, std::memory_order_relaxed);
    block.end = block.next + kNumberBlock;
    block.of = &given;
  }
  return block.next++;
}

}  // namespace shunt::host
