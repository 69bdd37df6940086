#pragma once
/// Paths that name one place: those that a manifest may declare, and those that a plugin may ask for.

#include <string_view>

namespace shunt {

/// Absolute, and below the root; no part of it is empty, "." or "..", so it does not end in a slash: it names one
/// place, and no other text names the same.
[[nodiscard]] bool is_plain_path(std::string_view path) noexcept;

}  // namespace shunt
