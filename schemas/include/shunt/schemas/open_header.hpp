#pragma once
/// What stands before each message of an open topic, for applications on the other side of the bridge. Needs nothing of
/// Shunt: an application copies this file, or includes it.
///
///     const auto* chunk = iox::mepoo::ChunkHeader::fromUserPayload(payload);
///     const auto* header = static_cast<const shunt::OpenHeader*>(chunk->userHeader());

#include <cstdint>

namespace shunt {

/// The service of an open topic, beside its name and the 16 lower-case hex digits of its schema's hash.
inline constexpr char kOpenService[] = "shunt";

/// Fixed-width and native byte order: both sides are on one machine.
struct OpenHeader {
  static constexpr std::uint32_t kMagic = 0x5348'4f50;  // "SHOP"
  static constexpr std::uint16_t kFormat = 1;

  std::uint32_t magic = kMagic;
  std::uint16_t format = kFormat;
  std::uint16_t flags = 0;     ///< OpenHeader::kRedelivered
  std::uint64_t schema = 0;    ///< The topic's: the first 8 bytes of the SHA-256 of its canonical schema.
  std::uint64_t bridge = 0;    ///< Which start of the bridge: rises with every restart. 0 from an application.
  std::uint64_t sequence = 0;  ///< Of this topic since that start, from 0, without gaps: a gap is what the reader lost.
  std::int64_t sent_ns = 0;    ///< CLOCK_MONOTONIC, when it was sent across.

  static constexpr std::uint16_t kRedelivered = 1;  ///< It may have been sent before.
};
static_assert(sizeof(OpenHeader) == 40);

}  // namespace shunt
