#pragma once
/// Payloads as text: how their bytes stand in the JSON of the admin socket.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

/// RFC 4648, with padding.
[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
/// Errors: BadInput (anything but what to_base64 writes).
[[nodiscard]] Result<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace shunt
