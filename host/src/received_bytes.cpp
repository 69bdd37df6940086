#include "instance.hpp"
#include "read_arena.hpp"

#include <shunt/host/received_bytes.hpp>

namespace shunt {

bool ReceivedBytes::in_place() const noexcept { return block_ != nullptr && block_->held_of != nullptr; }

std::optional<std::chrono::nanoseconds> ReceivedBytes::origin() const noexcept {
  if (block_ == nullptr || block_->origin_ns == 0) return std::nullopt;
  return std::chrono::nanoseconds{block_->origin_ns};
}

void ReceivedBytes::release() noexcept {
  host::ArenaBlock* const block = std::exchange(block_, nullptr);
  if (block->held_of != nullptr) {
    block->held_of->give_back(block->chunk, block->generation);
    block->held_of.reset();
  }
  host::ReadArena::give_back(block);
}

}  // namespace shunt
