#pragma once
/// The payload of a failed Reply: control.fbs Failure, built without heap and read with distrust.

#include <shunt/plugin-kit/runtime/frames.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace shunt::kit {

/// Builds into memory of its own; cuts texts that are too long.
class FailureBuilder {
 public:
  static constexpr std::size_t kTextBytesMax = 4096;

  /// The message in full, up to kTextBytesMax. Valid until the next build.
  [[nodiscard]] std::span<const std::byte> build(std::string_view text, std::span<const std::uint64_t> frames) noexcept;
  /// What of it fits a slot: the start of the text and the innermost frames.
  [[nodiscard]] std::span<const std::byte> build_short(std::string_view text,
                                                       std::span<const std::uint64_t> frames) noexcept;

 private:
  alignas(16) std::array<std::uint8_t, 8192> memory_;
};

/// The text of a Failure; none when the bytes are no Failure or say nothing. Points into `payload`.
[[nodiscard]] std::optional<std::string_view> failure_text(std::span<const std::byte> payload) noexcept;

}  // namespace shunt::kit
