#pragma once
/// Both ends of a lane whose rings have two slots, in memory that a model watches.

#include "world.hpp"

#include <shunt/bus/lane_receiver.hpp>
#include <shunt/bus/lane_sender.hpp>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace shunt::model {

inline constexpr bus::SideShape kShape{.slots = 2, .return_slots = 2};
inline constexpr std::size_t kPayloadBytes = 8;

struct Free {
  void operator()(std::byte* memory) const noexcept { ::operator delete (memory, std::align_val_t{bus::kCacheLine}); }
};
using Block = std::unique_ptr<std::byte, Free>;

inline Block zeroed(std::size_t bytes) {
  auto* const memory = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{bus::kCacheLine}));
  std::memset(memory, 0, bytes);
  return Block{memory};
}

inline bus::PoolGeometry one_chunk() {
  const std::array classes{bus::SizeClass{64, 1}};
  return *bus::PoolGeometry::of(classes);
}

struct LaneParts {
  bus::PoolGeometry geometry = one_chunk();
  Block host_memory = zeroed(kShape.bytes());
  Block plugin_memory = zeroed(kShape.bytes());
  Block pool = zeroed(geometry.bytes());
  bus::SideView host = bus::SideView::of(host_memory.get(), kShape);
  bus::SideView plugin = bus::SideView::of(plugin_memory.get(), kShape);
  bus::LaneSender to_plugin{host, plugin, geometry, {1}, true};
  bus::LaneReceiver from_host{plugin, host, geometry, pool.get()};
  bus::LaneSender to_host{plugin, host, geometry, {1}, true};
  bus::LaneReceiver from_plugin{host, plugin, geometry, pool.get()};

  static constexpr bus::ChunkId kChunk = bus::ChunkId::of(0, 0);
  std::byte* chunk() { return pool.get() + geometry.offset(kChunk); }

  /// All that both sides look at of the rings of data.
  explicit LaneParts(World& world) {
    const auto watch = [&](const bus::SideView& side, const char* commit) {
      world.share(side.rings[0], kShape.slots * sizeof(bus::Slot));
      for (std::size_t i = 0; i < kShape.slots; ++i) world.word(commit, side.rings[0][i].commit);
    };
    watch(host, "commit");
    watch(plugin, "commit to host");
    world.share(chunk(), 64);
    world.word("read", plugin.fixed->positions.read[0]);
    world.word("begun", plugin.fixed->positions.begun[0]);
    world.word("done", plugin.fixed->positions.done[0]);
    world.word("rung", host.fixed->doorbell.rung);
    world.word("asleep", plugin.fixed->doorbell.asleep);
    for (std::size_t i = 0; i < kShape.return_slots; ++i) world.word("return", plugin.returns[i]);
    for (std::size_t i = 0; i < kShape.slots; ++i) world.word("standing", plugin.standings[i]);
  }
};

/// The `number`th, whose payload says so too.
inline bus::MessageHeader header(std::uint64_t number, bus::Place place) {
  bus::MessageHeader header;
  header.route = 1;
  header.kind = bus::Kind::Publication;
  header.place = place;
  header.correlation = number;
  header.payload_bytes = kPayloadBytes;
  if (place == bus::Place::Chunk)
    header.chunk = LaneParts::kChunk, header.generation = static_cast<std::uint32_t>(number);
  return header;
}

inline void push_inline(bus::LaneSender& sender, std::uint64_t number) {
  std::array<std::byte, kPayloadBytes> payload;
  std::memcpy(payload.data(), &number, sizeof number);
  sender.push(bus::Ring::Data, header(number, bus::Place::Inline), payload);
}

inline std::uint64_t number_in(std::span<const std::byte> payload) {
  std::uint64_t number = 0;
  std::memcpy(&number, payload.data(), sizeof number);
  return number;
}

}  // namespace shunt::model
