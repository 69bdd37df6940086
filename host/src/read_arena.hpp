#pragma once
/// What received payloads are kept in: blocks that are recycled, so that keeping one costs no heap allocation.
///
/// One thread at a time takes (the one that drains); any thread gives back. The arena outlives its owner until the last
/// block is back, because a user may keep a reply longer than the host.

#include <shunt/bus/message.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace shunt::host {

class Instance;
class ReadArena;

/// A private copy of a payload, or the claim on a chunk that is read where it lies.
struct ArenaBlock {
  ArenaBlock* next = nullptr;
  ReadArena* arena = nullptr;
  std::uint32_t size_class = 0;
  bus::ChunkId chunk;  ///< With its generation, what `held_of` gets back; without one, nothing.
  std::uint32_t generation = 0;
  std::int64_t origin_ns = 0;  ///< Of what it holds; written with it. 0: nobody said.
  std::shared_ptr<Instance> held_of;
  alignas(64) std::byte data[1];  ///< Capacity is 4 KiB << size_class.
};

class ReadArena {
 public:
  static constexpr std::size_t kSmallestBytes = 4096;
  static constexpr std::size_t kSizeClasses = 20;  ///< Up to 2 GiB.

  struct Abandon {
    void operator()(ReadArena* arena) const noexcept { arena->abandon(); }
  };
  using Owner = std::unique_ptr<ReadArena, Abandon>;

  /// `blocks` of the smallest class are made in advance.
  [[nodiscard]] static Owner create(std::size_t blocks);

  /// A block for `bytes`. Allocates only when more are out than ever before. One thread at a time.
  [[nodiscard]] ArenaBlock* take(std::size_t bytes);

  /// From any thread.
  static void give_back(ArenaBlock* block) noexcept;

 private:
  ReadArena() = default;
  ~ReadArena();

  ArenaBlock* allocate(std::uint32_t size_class);
  void collect() noexcept;
  void abandon() noexcept;
  static void settle(ReadArena* arena, std::ptrdiff_t change) noexcept;

  std::array<ArenaBlock*, kSizeClasses> free_{};
  std::size_t made_ = 0;                                    // blocks that exist
  std::size_t home_ = 0;                                    // of these, in free_
  alignas(64) std::atomic<ArenaBlock*> returned_{nullptr};  // pushed by any thread, taken as a whole: no ABA
  std::atomic<std::ptrdiff_t> owed_{0};  // after abandon(): blocks that are still out; who makes it 0 deletes the arena
};

}  // namespace shunt::host
