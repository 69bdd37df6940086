#include "instance.hpp"
#include "read_arena.hpp"

#include <shunt/host/received_bytes.hpp>

namespace shunt {

bool ReceivedBytes::in_place() const noexcept { return block_ != nullptr && block_->held_of != nullptr; }

void ReceivedBytes::release() noexcept {
  host::ArenaBlock* const block = std::exchange(block_, nullptr);
  if (block->held_of != nullptr) {
    block->held_of->give_back(block->chunk, block->generation);
    block->held_of.reset();
  }
  host::ReadArena::give_back(block);
}

}  // namespace shunt
