#pragma once
/// Not <cctype>, whose answers depend on the locale.

namespace shunt {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace shunt
