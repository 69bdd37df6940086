#pragma once
/// Sizes and durations as people write them: "64 KiB", "2 ms".

#include <shunt/schemas/result.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace shunt {

/// A whole number and B, KiB, MiB or GiB, with or without a space between. Errors: BadInput, saying what to write.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// A whole number and ns, us, ms, s or min; at most 24 hours. Errors: BadInput, saying what to write.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// "64 KiB": the largest unit that leaves a whole number.
std::string bytes_text(std::uint64_t bytes);

/// "2 ms", likewise. Not below zero.
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace shunt
