#pragma once
/// Labels as hints and versions have them: by key.

#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/names.hpp>

#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace shunt {

using Labels = std::map<std::string, std::string, std::less<>>;

/// What is wrong with the first that cannot be, behind the name of who has them; none: nothing is.
[[nodiscard]] inline std::optional<std::string> complaint_about(const Labels& labels) {
  for (const auto& [key, value] : labels) {
    const bool is_taken = key == Hints::kVersionKey || key == Hints::kTagKey || key == Hints::kRequiredKey;
    if (!is_name(key) || is_taken)
      return fmt::format(
          "has the key {:?}; a letter, then letters, digits, '_' and '-' are meant, and not version, tag or required",
          key);
    if (!is_label_value(value))
      return fmt::format("has {} = {:?}; 1 to 64 letters, digits, '.', '_', '+' and '-' are meant", key, value);
  }
  return std::nullopt;
}

}  // namespace shunt
