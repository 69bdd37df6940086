#pragma once
/// A place in a loop that somebody who leads this thread instruction by instruction can tell from any other.
///
///     for (...) { mark(); publish(...); }   // from one mark to the next: what one message takes

#include <array>
#include <cstdint>

namespace shunt::bench {

#if defined(__x86_64__)
/// A long no-operation with an operand that no compiler chooses.
inline constexpr std::array<std::uint8_t, 7> kMark{0x0f, 0x1f, 0x80, 0x73, 0x68, 0x6e, 0x74};
inline void mark() noexcept { asm volatile(".byte 0x0f, 0x1f, 0x80, 0x73, 0x68, 0x6e, 0x74"); }
#else
inline void mark() noexcept {}
#endif

}  // namespace shunt::bench
