#pragma once
/// Addresses of code as the host can read them: offsets into the plugin's object, whose load address it does not know.

#include <array>
#include <cstdint>
#include <span>

namespace shunt::kit {

inline constexpr std::size_t kFramesMax = 64;
inline constexpr std::uint64_t kElsewhere = 1ull << 63;  ///< Set in a frame outside the plugin's object.

/// Where the plugin's object is mapped.
struct ObjectRange {
  std::uintptr_t load = 0;  ///< What its own addresses are relative to.
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  /// Safe in a signal handler.
  [[nodiscard]] std::uint64_t frame(std::uintptr_t address) const noexcept {
    return address >= begin && address < end ? address - load : address | kElsewhere;
  }

  /// The object that contains `address`, or an empty range.
  [[nodiscard]] static ObjectRange containing(const void* address);
};

/// A backtrace, innermost first.
struct Frames {
  std::array<std::uint64_t, kFramesMax> values{};
  std::size_t count = 0;

  [[nodiscard]] std::span<const std::uint64_t> span() const noexcept { return {values.data(), count}; }
};

}  // namespace shunt::kit
