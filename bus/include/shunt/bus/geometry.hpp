#pragma once
/// Where the chunks of a pool lie: computed by each process for itself from the agreed size classes, never read from
/// shared memory.

#include <shunt/bus/message.hpp>
#include <shunt/schemas/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shunt::bus {

/// `chunks` pieces of memory for payloads of up to `bytes`.
struct SizeClass {
  std::uint32_t bytes = 0;
  std::uint32_t chunks = 0;
  friend bool operator==(const SizeClass&, const SizeClass&) = default;
};

inline constexpr std::size_t kClassesMax = 16;              ///< Of one pool.
inline constexpr std::uint64_t kPoolBytesMax = 4ull << 30;  ///< Of one pool, chunk headers and padding included.

/// A value; any thread may read it. Nothing but of() allocates, and it only for an error.
class PoolGeometry {
 public:
  PoolGeometry() = default;

  /// Sizes are multiples of 8, each taking more 64-byte lines than the one before, or the two would be one class to
  /// iceoryx; counts are above 0 and below 2^20.
  /// Errors: BadConfiguration naming the class and the rule.
  [[nodiscard]] static Result<PoolGeometry> of(std::span<const SizeClass> classes);

  /// The smallest class that fits, or none: TooLarge.
  [[nodiscard]] std::optional<std::uint32_t> class_for(std::size_t payload_bytes) const noexcept {
    for (std::uint32_t i = 0; i < count_; ++i)
      if (payload_bytes <= classes_[i].bytes) return i;
    return std::nullopt;
  }

  [[nodiscard]] bool contains(ChunkId id) const noexcept {
    return id.size_class() < count_ && id.index() < classes_[id.size_class()].chunks;
  }
  // The rest holds for contained ids only.
  [[nodiscard]] std::size_t capacity(ChunkId id) const noexcept { return classes_[id.size_class()].bytes; }
  /// Of the payload, from the start of the memory; 64-byte aligned.
  [[nodiscard]] std::size_t offset(ChunkId id) const noexcept {
    const auto& place = places_[id.size_class()];
    return place.offset + std::size_t{id.index()} * place.stride + kChunkLead;
  }
  /// 0 .. chunks()-1 over all classes.
  [[nodiscard]] std::uint32_t dense(ChunkId id) const noexcept { return places_[id.size_class()].first + id.index(); }

  /// Over all classes.
  [[nodiscard]] std::uint32_t chunks() const noexcept { return chunks_; }
  /// Of the memory that the pool lies in.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::span<const SizeClass> classes() const noexcept { return {classes_.data(), count_}; }

  /// Chunk header (40 bytes) and padding in front of each payload, so that payloads start on a cache line.
  static constexpr std::size_t kChunkLead = 64;

 private:
  struct Place {
    std::size_t offset = 0;
    std::size_t stride = 0;
    std::uint32_t first = 0;
  };

  std::array<SizeClass, kClassesMax> classes_{};
  std::array<Place, kClassesMax> places_{};
  std::uint32_t count_ = 0;
  std::uint32_t chunks_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace shunt::bus
