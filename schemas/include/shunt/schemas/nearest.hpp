#pragma once
/// "Did you mean ...?": the known word that a person most likely meant.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shunt {

/// The known word with the fewest letters to add, drop, change or swap; none when too many are needed to be likely.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

/// "did you mean \"outbound\"?" or "known here: path, slots, wait".
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace shunt
