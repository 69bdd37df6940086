#pragma once
/// The allocating end of a pool: an iceoryx memory manager over shared chunk memory, its management private to us.
///
///     SHUNT_TRY(pool, ChunkPool::create(geometry, mapping.data()));
///     if (auto loan = pool.loan(bytes)) build_into(loan->data, loan->capacity);
///
/// Every chunk is taken from iceoryx once and then recycled: per message neither its free list nor its reference counts
/// are touched. Not thread-safe; allocates at creation only.

#include <shunt/bus/geometry.hpp>
#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace shunt::bus {

/// A chunk that is being written. Give it back with release(), or send it.
struct LoanedChunk {
  std::byte* data = nullptr;
  std::size_t capacity = 0;
  ChunkId chunk;
  std::uint32_t generation = 0;
};

class ChunkPool {
 public:
  /// `memory` has geometry.bytes(), is page-aligned, and outlives the pool.
  /// Errors: System when iceoryx cannot lay the pool out as the geometry says.
  [[nodiscard]] static Result<ChunkPool> create(const PoolGeometry& geometry, std::byte* memory);

  /// What create() takes of this process's private memory beside that.
  [[nodiscard]] static std::size_t private_bytes(const PoolGeometry& geometry);

  ChunkPool(ChunkPool&&) noexcept;
  ChunkPool& operator=(ChunkPool&&) noexcept;
  ~ChunkPool();

  /// A chunk of the smallest class that fits, with one holder: the caller. What it holds from its last use is still
  /// there. None: that class is used up (larger classes are left alone), or no class fits; tell them apart with
  /// geometry().class_for().
  [[nodiscard]] std::optional<LoanedChunk> loan(std::size_t payload_bytes) noexcept {
    const auto size_class = geometry_.class_for(payload_bytes);
    if (!size_class || !make_ready(*size_class)) return std::nullopt;
    LoanedChunk& ready = ready_[*size_class];
    const LoanedChunk loaned = ready;
    ready.data = nullptr;
    return loaned;
  }

  /// Makes the next loan of a class ready, and asks for the lines of `bytes` at `offset` of it: its last reader has
  /// them still, and a sender that waits for an answer has the time for both.
  void prepare(std::uint32_t size_class, std::size_t offset, std::size_t bytes) noexcept {
    if (!make_ready(size_class)) return;
    const std::byte* const next = ready_[size_class].data + offset;
    for (std::size_t line = 0; line < std::min(bytes, kPrefetchedBytesMax); line += kCacheLine)
      prefetch_to_write(next + line);
  }

  // `id` is one that loan() gave and that still has a holder.

  /// One more holder, e.g. a lane that was sent the chunk.
  void hold(ChunkId id) noexcept { ++chunks_[geometry_.dense(id)].holders; }
  /// One holder less; the last one makes the chunk free.
  void release(ChunkId id) noexcept;

  [[nodiscard]] const PoolGeometry& geometry() const noexcept { return geometry_; }
  [[nodiscard]] std::byte* payload(ChunkId id) const noexcept { return memory_ + geometry_.offset(id); }
  [[nodiscard]] std::uint32_t generation(ChunkId id) const noexcept { return chunks_[geometry_.dense(id)].generation; }
  /// Chunks of a class that are free now.
  [[nodiscard]] std::size_t free_chunks(std::uint32_t size_class) const noexcept {
    return free_[size_class].size() + (ready_[size_class].data != nullptr ? 1 : 0);
  }
  /// Chunks of all classes that are loaned or held.
  [[nodiscard]] std::size_t used_chunks() const noexcept;

  /// 1 follows the last: 0 means "not held", to this end and to the peer.
  [[nodiscard]] static constexpr std::uint32_t next_generation(std::uint32_t generation) noexcept {
    return generation + 1 == 0 ? 1 : generation + 1;
  }

 private:
  static constexpr std::size_t kPrefetchedBytesMax = 4 * kCacheLine;  ///< More would push out what is needed sooner.

  struct Chunk {
    std::uint32_t generation = 0;
    std::uint32_t holders = 0;
  };
  struct Iceoryx;  // the memory manager and its chunks

  ChunkPool(const PoolGeometry& geometry, std::byte* memory, std::unique_ptr<Iceoryx> iceoryx);

  /// False: the class is used up.
  bool make_ready(std::uint32_t size_class) noexcept {
    LoanedChunk& ready = ready_[size_class];
    if (ready.data != nullptr) return true;
    std::vector<std::uint32_t>& free = free_[size_class];
    if (free.empty()) return false;
    const auto id = ChunkId::of(size_class, free.back());
    free.pop_back();
    Chunk& chunk = chunks_[geometry_.dense(id)];
    chunk.holders = 1;
    chunk.generation = next_generation(chunk.generation);
    ready = {payload(id), geometry_.capacity(id), id, chunk.generation};
    return true;
  }

  PoolGeometry geometry_;
  std::byte* memory_ = nullptr;
  std::unique_ptr<Iceoryx> iceoryx_;
  std::vector<Chunk> chunks_;                     // by PoolGeometry::dense
  std::vector<std::vector<std::uint32_t>> free_;  // by class, last used first: its lines are still warm
  std::array<LoanedChunk, kClassesMax> ready_{};  // by class: taken from free_ while nobody waited; data null: none
};

}  // namespace shunt::bus
