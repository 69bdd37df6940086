#include "escaped.hpp"

#include <fmt/format.h>

namespace shunt::host {
namespace {

/// The code point that `text` begins with and how many bytes it takes; 0 bytes: it is no UTF-8.
struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t bytes = 0;
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xc2 && first < 0xe0   ? 2
                            : first >= 0xe0 && first < 0xf0 ? 3
                            : first >= 0xf0 && first < 0xf5 ? 4
                                                            : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  std::uint32_t code_point = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xd800 && code_point < 0xe000;
  if (code_point < kLeast[bytes] || code_point > 0x10ffff || is_surrogate) return {};
  return {code_point, bytes};
}

bool is_harmless(std::uint32_t code_point) {
  if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0)) return false;  // control characters
  if (code_point == 0x2028 || code_point == 0x2029) return false;                    // ends of lines
  const bool turns = code_point == 0x061c || code_point == 0x200e || code_point == 0x200f ||
                     (code_point >= 0x202a && code_point <= 0x202e) || (code_point >= 0x2066 && code_point <= 0x2069);
  return !turns;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t bytes_max) {
  std::string result;
  const bool is_cut = text.size() > bytes_max;
  text = text.substr(0, bytes_max);
  while (!text.empty()) {
    const Decoded next = decode(text);
    const std::string_view bytes = text.substr(0, next.bytes == 0 ? 1 : next.bytes);
    if (next.bytes != 0 && is_harmless(next.code_point)) result += bytes;
    else
      for (const char each : bytes) result += fmt::format("\\x{:02x}", static_cast<unsigned char>(each));
    text.remove_prefix(bytes.size());
  }
  return is_cut ? result + "..." : result;
}

}  // namespace shunt::host
