#pragma once
/// The way back of chunks: 8-byte items, each naming a chunk and the generation of its loan.
///
///     63 .. 32 generation | 31 .. 8 chunk (class 4, index 20) | 7 .. 0 tag of the lap, 1 .. 255
///
/// The ring has a slot for every chunk its writer may hold, so it cannot fill and needs no read position. The tag says
/// whether an item is of this lap, so that one line of eight items is all a harvest touches. Each half is used by one
/// thread at a time; nothing blocks or allocates.

#include <shunt/bus/breach.hpp>
#include <shunt/bus/message.hpp>
#include <shunt/bus/steps.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

namespace shunt::bus {

struct Returned {
  ChunkId chunk;
  std::uint32_t generation = 0;
};

/// The tag of an item at `position` of a ring of 2^`shift` slots; 0 is what the memory held before the first lap.
constexpr std::uint64_t return_tag(std::uint64_t position, unsigned shift) { return 1 + (position >> shift) % 255; }

class ReturnWriter {
 public:
  ReturnWriter() = default;
  ReturnWriter(std::atomic<std::uint64_t>* items, std::uint32_t count)
      : items_(items), mask_(count - 1), shift_(static_cast<unsigned>(__builtin_ctz(count))) {}

  void give_back(Returned item) noexcept {
    const std::uint64_t word = std::uint64_t{item.generation} << 32 | std::uint64_t{item.chunk.packed & 0xffffff} << 8 |
                               return_tag(next_, shift_);
    // Pairs with the acquire in ReturnReader::next(): our last read of the chunk is before its reuse.
    items_[next_ & mask_].store(word, std::memory_order_release);
    ++next_;
    reached(Step::ReturnWritten);
  }

 private:
  std::atomic<std::uint64_t>* items_ = nullptr;
  std::uint64_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint64_t next_ = 0;
};

class ReturnReader {
 public:
  ReturnReader() = default;
  ReturnReader(const std::atomic<std::uint64_t>* items, std::uint32_t count)
      : items_(items), mask_(count - 1), shift_(static_cast<unsigned>(__builtin_ctz(count))) {}

  /// The next returned item, as the peer claims it: the caller checks chunk and generation against its own records.
  [[nodiscard]] std::optional<Returned> next() noexcept {
    // Pairs with the release in ReturnWriter::give_back().
    const std::uint64_t word = items_[next_ & mask_].load(std::memory_order_acquire);
    const std::uint64_t tag = word & 0xff;
    if (tag != return_tag(next_, shift_)) {
      const std::uint64_t last_lap = next_ <= mask_ ? 0 : return_tag(next_ - mask_ - 1, shift_);
      if (tag != last_lap) breach_ = Breach::ReturnTag;
      return std::nullopt;
    }
    ++next_;
    return Returned{ChunkId{static_cast<std::uint32_t>(word >> 8) & 0xffffff}, static_cast<std::uint32_t>(word >> 32)};
  }

  [[nodiscard]] Breach breach() const noexcept { return breach_; }

 private:
  const std::atomic<std::uint64_t>* items_ = nullptr;
  std::uint64_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint64_t next_ = 0;
  Breach breach_ = Breach::None;
};

}  // namespace shunt::bus
