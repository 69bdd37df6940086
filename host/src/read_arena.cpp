#include "read_arena.hpp"

#include <shunt/schemas/assert.hpp>

#include <new>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::align_val_t kBlockAlignment{64};

void destroy(ArenaBlock* block) noexcept {
  block->~ArenaBlock();
  ::operator delete(block, kBlockAlignment);
}

/// Stands at the head of the returned blocks once the owner is gone. Only its address counts.
ArenaBlock* closed() noexcept {
  static ArenaBlock block;
  return &block;
}

}  // namespace

ReadArena::Owner ReadArena::create(std::size_t blocks) {
  Owner arena{new ReadArena};
  for (std::size_t i = 0; i < blocks; ++i) {
    ArenaBlock* const block = arena->allocate(0);
    block->next = arena->free_[0];
    arena->free_[0] = block;
    ++arena->home_;
  }
  return arena;
}

ReadArena::~ReadArena() {
  for (ArenaBlock* list : free_)
    while (list != nullptr) destroy(std::exchange(list, list->next));
}

ArenaBlock* ReadArena::allocate(std::uint32_t size_class) {
  const std::size_t bytes = offsetof(ArenaBlock, data) + (kSmallestBytes << size_class);
  auto* const block = new (::operator new(bytes, kBlockAlignment)) ArenaBlock;
  block->arena = this;
  block->size_class = size_class;
  ++made_;
  return block;
}

ArenaBlock* ReadArena::take(std::size_t bytes) {
  std::uint32_t size_class = 0;
  while (kSmallestBytes << size_class < bytes) ++size_class;
  SHUNT_ASSERT(size_class < kSizeClasses);
  if (free_[size_class] == nullptr) collect();
  ArenaBlock* const block = free_[size_class];
  if (block == nullptr) return allocate(size_class);
  free_[size_class] = block->next;
  --home_;
  return block;
}

void ReadArena::collect() noexcept {
  // Acquire pairs with the release in give_back(): the last reader is done with the bytes.
  ArenaBlock* list = returned_.exchange(nullptr, std::memory_order_acquire);
  while (list != nullptr) {
    ArenaBlock* const block = std::exchange(list, list->next);
    block->next = free_[block->size_class];
    free_[block->size_class] = block;
    ++home_;
  }
}

void ReadArena::give_back(ArenaBlock* block) noexcept {
  ReadArena* const arena = block->arena;
  ArenaBlock* head = arena->returned_.load(std::memory_order_relaxed);
  do {
    if (head == closed()) {  // abandoned: nobody collects any more
      destroy(block);
      return settle(arena, -1);
    }
    block->next = head;
  } while (!arena->returned_.compare_exchange_weak(head, block, std::memory_order_release, std::memory_order_relaxed));
}

void ReadArena::abandon() noexcept {
  collect();
  ArenaBlock* list = returned_.exchange(closed(), std::memory_order_acquire);
  for (; list != nullptr; --made_) destroy(std::exchange(list, list->next));
  settle(this, static_cast<std::ptrdiff_t>(made_ - home_));
}

void ReadArena::settle(ReadArena* arena, std::ptrdiff_t change) noexcept {
  // acq_rel: whoever deletes has seen everything that the others did before they settled.
  if (arena->owed_.fetch_add(change, std::memory_order_acq_rel) + change == 0) delete arena;
}

}  // namespace shunt::host
