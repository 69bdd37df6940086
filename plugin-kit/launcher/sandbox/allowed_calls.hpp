#pragma once
/// The calls that every plugin may make at any time, without being judged, and why.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace shunt::launcher {

/// A condition on one argument: `(argument & mask) == value`. The others are about an int, of which the kernel reads 32
/// bits whatever the rest of the register holds.
struct When {
  enum class Holds : std::uint8_t { Equal, IntDiffers, IntAbove };
  unsigned argument = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
  Holds holds = Holds::Equal;
};

struct AllowedCall {
  std::string_view name;
  std::array<When, 3> when{};  ///< All have to hold; those with a mask of 0 say nothing.
  std::string_view why;
};

/// By what they are for. Where one call stands several times, any of its conditions will do.
[[nodiscard]] std::span<const AllowedCall> allowed_calls() noexcept;

}  // namespace shunt::launcher
