#pragma once
/// What travels in a ring slot beside the payload: the layout-v1 message header.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace shunt::bus {

enum class Kind : std::uint8_t {
  None = 0,
  Request = 1,  ///< Wants exactly one Reply with the same correlation.
  Reply = 2,    ///< `status` 0, or an ErrorCode + 1 with a text as payload.
  Publication = 3,
  Cancel = 4,  ///< Nobody waits any more for the Reply with this correlation.
};

/// Where the payload lies.
enum class Place : std::uint8_t { None = 0, Inline = 1, Chunk = 2 };

namespace flag {
inline constexpr std::uint8_t kRedelivered = 1;  ///< An earlier instance may have done this already.
inline constexpr std::uint8_t kLatched = 2;      ///< It was published before this instance was there.
inline constexpr std::uint8_t kUrgent = 4;       ///< It overtakes what is not.
inline constexpr std::uint8_t kLastWill = 8;     ///< Its publisher has vanished, and had left it with the host.
inline constexpr std::uint8_t kOrigin = 16;      ///< It says when what it tells of came about.
inline constexpr std::uint8_t kEpoch = 32;       ///< The host's own: in which of two epochs this publication was sent.
}  // namespace flag

/// Names a chunk of one pool: which size class and which of its chunks.
struct ChunkId {
  std::uint32_t packed = 0;  ///< class in bits 20..23, index in bits 0..19

  static constexpr std::uint32_t kIndexMax = (1u << 20) - 1;
  static constexpr std::uint32_t kClassMax = 15;

  static constexpr ChunkId of(std::uint32_t size_class, std::uint32_t index) { return {size_class << 20 | index}; }
  [[nodiscard]] constexpr std::uint32_t size_class() const { return packed >> 20; }  // of a forged id: up to 4095
  [[nodiscard]] constexpr std::uint32_t index() const { return packed & kIndexMax; }
  friend constexpr bool operator==(ChunkId, ChunkId) = default;
};

/// 56 bytes, so that with the 8-byte commit word it fills the slot's first cache line. Pointer-free; native byte order,
/// because both ends are on one machine.
struct MessageHeader {
  std::uint32_t route = 0;  ///< RouteId; of a Reply, that of its Request.
  Kind kind = Kind::None;
  Place place = Place::None;
  std::uint8_t flags = 0;
  std::uint8_t origin_high = 0;   ///< With the two below, where a flag announces them: see origin_of().
  std::uint64_t correlation = 0;  ///< Sender's name for this message; a Reply and a Cancel echo the Request's.
  /// Plugin to host: correlation of the message being handled; 0 for none. Host to plugin, of a Cancel: where its
  /// Request stands in the ring of data; of a publication that its topic keeps: its number there, for the host alone.
  std::uint64_t parent = 0;
  std::int64_t deadline_ns = 0;  ///< CLOCK_MONOTONIC; 0 for none. A Publication has none: see key_of().
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_offset = 0;  ///< Within the chunk; 0 for an inline payload.
  ChunkId chunk;
  std::uint32_t generation = 0;  ///< Of the chunk's loan.
  std::uint16_t status = 0;      ///< Reply: 0 for success, else ErrorCode + 1. Else: see hint_bytes_of().
  std::uint16_t origin_middle = 0;
  std::uint32_t origin_low = 0;
};
static_assert(sizeof(MessageHeader) == 56);
static_assert(std::is_trivially_copyable_v<MessageHeader> && std::is_standard_layout_v<MessageHeader>);

// What differs by kind lies in one place: a request has a deadline and no key, a publication a key and no deadline.

/// By when a message's work has to be done; 0 for none.
[[nodiscard]] constexpr std::int64_t deadline_of(const MessageHeader& header) noexcept {
  return header.kind == Kind::Publication ? 0 : header.deadline_ns;
}
/// Of which among a topic's things the publication tells; 0 when its publisher does not say.
[[nodiscard]] constexpr std::uint64_t key_of(const MessageHeader& header) noexcept {
  return header.kind == Kind::Publication ? std::bit_cast<std::uint64_t>(header.deadline_ns) : 0;
}
/// Of a publication only.
constexpr void set_key(MessageHeader& header, std::uint64_t key) noexcept {
  header.deadline_ns = std::bit_cast<std::int64_t>(key);
}

// A reply has a status and no hints, the others may have hints and have no status.

/// How many bytes of text say what the message wants of the version that handles it. They are the host's word, and
/// stand in the slot behind an inline payload, or at its start where the payload is in a chunk.
[[nodiscard]] constexpr std::size_t hint_bytes_of(const MessageHeader& header) noexcept {
  return header.kind == Kind::Reply ? 0 : header.status;
}
/// What of a message lies in its slot beside the header.
[[nodiscard]] constexpr std::size_t content_bytes_of(const MessageHeader& header) noexcept {
  return (header.place == Place::Inline ? header.payload_bytes : 0) + hint_bytes_of(header);
}

// Three gaps of the header have 56 bits: a clock of nanoseconds that has run for two years.

/// When what a message tells of came about, in CLOCK_MONOTONIC nanoseconds; 0: nobody said.
[[nodiscard]] constexpr std::int64_t origin_of(const MessageHeader& header) noexcept {
  if ((header.flags & flag::kOrigin) == 0) return 0;
  return static_cast<std::int64_t>(std::uint64_t{header.origin_high} << 48 | std::uint64_t{header.origin_middle} << 32 |
                                   header.origin_low);
}
/// `origin_ns`: 1 .. kOriginMaxNs.
constexpr void set_origin(MessageHeader& header, std::int64_t origin_ns) noexcept {
  const auto bits = static_cast<std::uint64_t>(origin_ns);
  header.flags |= flag::kOrigin;
  header.origin_high = static_cast<std::uint8_t>(bits >> 48);
  header.origin_middle = static_cast<std::uint16_t>(bits >> 32);
  header.origin_low = static_cast<std::uint32_t>(bits);
}
/// What follows from `cause` has its origin.
constexpr void take_origin(MessageHeader& header, const MessageHeader& cause) noexcept {
  if ((cause.flags & flag::kOrigin) == 0) return;
  header.flags |= flag::kOrigin;
  header.origin_high = cause.origin_high;
  header.origin_middle = cause.origin_middle;
  header.origin_low = cause.origin_low;
}

}  // namespace shunt::bus
