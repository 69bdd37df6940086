#pragma once
/// SHA-256 sums and keys as people see them: lower-case hex digits.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shunt {

inline constexpr std::size_t kSumDigits = 64;  ///< Of a SHA-256 sum, and of an ed25519 public key.

/// 64 digits. Blocks for hashing: about 6 ms per MB.
std::string sha256_of(std::span<const std::byte> bytes);

std::string to_hex(std::span<const unsigned char> bytes);

/// Fills `bytes` from exactly as many pairs of digits, of either case. False: `text` is something else.
bool from_hex(std::string_view text, std::span<unsigned char> bytes);

/// 64 hex digits of either case.
bool is_sum(std::string_view text) noexcept;

/// The same digits in lower case: how sums are compared.
std::string lower_case(std::string_view text);

}  // namespace shunt
