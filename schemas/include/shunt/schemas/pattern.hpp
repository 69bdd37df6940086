#pragma once
/// The `pattern` of a config key: one dialect for those who write manifests and those who read them.
///
///     const auto matches = matches_pattern("fast", "fast|exact");   // Result<bool>

#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <string_view>

namespace shunt {

/// Of the text of a pattern.
inline constexpr std::size_t kPatternBytesMax = 256;
/// Of a pattern with its repetitions written out, in characters: `(ab){100}` has some 200.
inline constexpr std::size_t kPatternStepsMax = 2000;

/// Whether `pattern` matches the whole of `text`: an ECMAScript expression without references back, in which a `.` is
/// one byte. Time and stack are bounded by both limits times the text, whoever wrote the pattern; allocates.
/// Errors: BadInput (it is no such expression, or above a limit), in words that continue "the pattern ...".
[[nodiscard]] Result<bool> matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace shunt
