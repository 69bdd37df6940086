#pragma once
/// Both ends of a lane in one process, and the host's pool behind it.
///
///     InboundPool inbound;
///     LanePair lane{inbound};
///     lane.host->sender.push(Ring::Data, inline_header(8), bytes_of("12345678"));

#include <shunt/bus/lane.hpp>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace shunt::bus::test {

/// The value, or the end of the test with the error's text.
template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) throw std::runtime_error(to_string(status.error()));
}

inline constexpr std::uint32_t kTestSlots = 16;
inline constexpr std::array kTestClasses{SizeClass{64, 4}, SizeClass{1024, 2}};
inline constexpr std::array kBothRings{Ring::Data, Ring::Reply};

inline LaneShape test_shape() { return must(LaneShape::of(kTestSlots, kTestClasses, kTestClasses)); }

/// The host's pool, which serves every lane of a compartment.
struct InboundPool {
  PoolGeometry geometry = must(PoolGeometry::of(kTestClasses));
  UniqueFd memory = must(create_memory("test: inbound pool", geometry.bytes()));
  Mapping mapping = must(Mapping::map(memory.get(), geometry.bytes(), Access::ReadWrite));
  ChunkPool pool = must(ChunkPool::create(geometry, mapping.data()));

  InboundPool() { must(seal_future_writes(memory.get())); }
};

struct LanePair {
  explicit LanePair(InboundPool& inbound_pool, std::vector<std::uint32_t> caps = {4, 2}) : inbound(&inbound_pool) {
    host = must(LaneEnd::open_host(shape, memory, std::move(caps), {}));
    plugin = must(LaneEnd::open_plugin(shape, memory, inbound_pool.memory.get(), {}));
  }

  LaneShape shape = test_shape();
  InboundPool* inbound;
  LaneMemory memory;
  std::unique_ptr<LaneEnd> host;
  std::unique_ptr<LaneEnd> plugin;
};

/// A second writable view of all that the plugin may write: what a hostile plugin has.
struct HostileView {
  explicit HostileView(const LanePair& lane)
      : side_memory(
            must(Mapping::map(lane.memory.plugin_side.get(), lane.shape.plugin_side.bytes(), Access::ReadWrite))),
        pool_memory(must(Mapping::map(lane.memory.outbound.get(), lane.shape.outbound.bytes(), Access::ReadWrite))),
        side(SideView::of(side_memory.data(), lane.shape.plugin_side)) {}

  /// Writes a slot and its commit word as the honest next message of an empty ring.
  void forge(Ring ring, std::uint64_t position, const MessageHeader& header) {
    Slot& slot = side.rings[static_cast<std::size_t>(ring)][position % side.shape.slots];
    slot.header = header;
    slot.commit.store(position + 1, std::memory_order_release);
  }

  Mapping side_memory;
  Mapping pool_memory;
  SideView side;
};

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline MessageHeader inline_header(std::size_t payload_bytes, std::uint64_t correlation = 0) {
  MessageHeader header;
  header.route = 1;
  header.kind = Kind::Publication;
  header.place = Place::Inline;
  header.correlation = correlation;
  header.payload_bytes = static_cast<std::uint32_t>(payload_bytes);
  return header;
}

inline MessageHeader chunk_header(const LoanedChunk& loan, std::size_t payload_bytes, std::uint64_t correlation = 0) {
  MessageHeader header = inline_header(payload_bytes, correlation);
  header.place = Place::Chunk;
  header.chunk = loan.chunk;
  header.generation = loan.generation;
  return header;
}

inline void send_text(LaneEnd& from, Ring ring, std::string_view text, std::uint64_t correlation = 0) {
  from.sender.push(ring, inline_header(text.size(), correlation), bytes_of(text));
}

/// Builds `text` in a chunk of `pool` and sends it; the loan that was sent.
inline LoanedChunk send_chunk(LaneEnd& from, ChunkPool& pool, Ring ring, std::string_view text,
                              std::uint64_t correlation = 0) {
  const auto loan = pool.loan(text.size());
  if (!loan) throw std::runtime_error("no chunk is free");
  std::memcpy(loan->data, text.data(), text.size());
  from.sender.push(ring, chunk_header(*loan, text.size(), correlation), {});
  return *loan;
}

}  // namespace shunt::bus::test
