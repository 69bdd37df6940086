#pragma once
/// Numbers for the messages of a route that is split, a block at a time: threads that send on one route share no line
/// for them but once in kBlock messages.
///
/// The numbers of one thread follow each other within a block. Whoever sends one message only and goes leaves the rest
/// of its block unused: numbers kBlock apart are equidistributed, too.

#include "kept_by_thread.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shunt::host {

inline constexpr std::uint64_t kNumberBlock = 64;

/// What a thread has taken and not used yet, by the number of a route: 24 KiB.
struct NumberBlocks {
  struct Block {
    const std::atomic<std::uint64_t>* of = nullptr;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  std::array<Block, 1024> of_routes{};  ///< So many does a thread send on in turn without losing its blocks.
};

/// `given` is how many have been given out of the route's, which `route` numbers. Relaxed: only that no two threads get
/// the same block counts. A thread's first message allocates its blocks; without memory for them it takes one by one.
[[nodiscard]] inline std::uint64_t next_number(std::atomic<std::uint64_t>& given, std::uint32_t route) noexcept {
  NumberBlocks* const blocks = KeptByThread<NumberBlocks>::get();
  if (blocks == nullptr) [[unlikely]]
    return given.fetch_add(1, std::memory_order_relaxed);
  NumberBlocks::Block& block = blocks->of_routes[route % blocks->of_routes.size()];
  if (block.of != &given || block.next == block.end) [[unlikely]] {
    block.next = given.fetch_add(kNumberBlock, std::memory_order_relaxed);
    block.end = block.next + kNumberBlock;
    block.of = &given;
  }
  return block.next++;
}

}  // namespace shunt::host
