#include "instance.hpp"
#include "read_arena.hpp"

#include <shunt/host/received_bytes.hpp>

namespace shunt {

ReceivedBytes ReceivedBytes::copied(host::ArenaBlock* block, std::size_t size) noexcept {
  ReceivedBytes bytes;
  bytes.data_ = reinterpret_cast<const std::uint8_t*>(block->data);
  bytes.size_ = size;
  bytes.owner_ = Owner::Arena;
  bytes.block_ = block;
  return bytes;
}

ReceivedBytes ReceivedBytes::held(std::shared_ptr<host::Instance> instance, const std::byte* data, std::size_t size,
                                  std::uint32_t chunk, std::uint32_t generation) noexcept {
  ReceivedBytes bytes;
  bytes.data_ = reinterpret_cast<const std::uint8_t*>(data);
  bytes.size_ = size;
  bytes.owner_ = Owner::Plugin;
  bytes.instance_ = std::move(instance);
  bytes.chunk_ = chunk;
  bytes.generation_ = generation;
  return bytes;
}

void ReceivedBytes::release() noexcept {
  if (owner_ == Owner::Arena) host::ReadArena::give_back(block_);
  if (owner_ == Owner::Plugin) instance_->give_back({chunk_}, generation_);
  owner_ = Owner::Nobody;
  instance_.reset();
}

}  // namespace shunt
