#pragma once
/// A pool, and both ends of a lane, in this one process: what the steps are timed on.
///
///     Pair pair;
///     pair.host->sender.push(bus::Ring::Data, pair.inline_header(), pair.payload());
///     auto incoming = pair.plugin->receiver.next(bus::Ring::Data);

#include <shunt/bus/lane.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

namespace shunt::bench {

/// The value; without it there is nothing to time, and the program ends with the error's text.
template <typename Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}

inline constexpr std::array kStepClasses{bus::SizeClass{64, 512}, bus::SizeClass{1024, 64},
                                         bus::SizeClass{64u << 10, 8}};

/// A pool over memory of its own.
struct StepPool {
  explicit StepPool(std::span<const bus::SizeClass> classes = kStepClasses)
      : geometry(must(bus::PoolGeometry::of(classes))),
        memory(must(bus::create_memory("shunt: steps", geometry.bytes()))),
        mapping(must(bus::Mapping::map(memory.get(), geometry.bytes(), bus::Access::ReadWrite))),
        pool(must(bus::ChunkPool::create(geometry, mapping.data()))) {}

  bus::PoolGeometry geometry;
  bus::UniqueFd memory;
  bus::Mapping mapping;
  bus::ChunkPool pool;
};

struct Pair {
  static constexpr std::uint32_t kSlots = 64;  ///< All of a ring stays in the first-level cache.
  static constexpr std::size_t kPayloadBytes = 64;

  Pair() {
    if (const auto sealed = bus::seal_future_writes(inbound.memory.get()); !sealed)
      throw std::runtime_error(to_string(sealed.error()));
    const auto shape = must(bus::LaneShape::of(kSlots, kStepClasses, kStepClasses));
    host = must(bus::LaneEnd::open_host(shape, memory, {512, 64, 8}, kNobodySleeps));
    plugin = must(bus::LaneEnd::open_plugin(shape, memory, inbound.memory.get(), kNobodySleeps));
  }

  [[nodiscard]] std::span<const std::byte> payload() const { return bytes; }

  [[nodiscard]] static bus::MessageHeader inline_header() {
    bus::MessageHeader header;
    header.route = 1;
    header.kind = bus::Kind::Publication;
    header.place = bus::Place::Inline;
    header.payload_bytes = kPayloadBytes;
    return header;
  }
  [[nodiscard]] static bus::MessageHeader chunk_header(const bus::LoanedChunk& loan) {
    bus::MessageHeader header = inline_header();
    header.place = bus::Place::Chunk;
    header.chunk = loan.chunk;
    header.generation = loan.generation;
    return header;
  }

  static constexpr bus::Sleepers kNobodySleeps{.host = false, .plugin = false};
  std::array<std::byte, kPayloadBytes> bytes{};
  StepPool inbound;
  bus::LaneMemory memory;
  std::unique_ptr<bus::LaneEnd> host;
  std::unique_ptr<bus::LaneEnd> plugin;
};

}  // namespace shunt::bench
