#pragma once
/// How deep the TOML files that people write may nest, asked before a parser sees them.

#include <cstddef>
#include <string_view>

namespace shunt {

inline constexpr std::size_t kTomlDepthMax = 200;

/// The first line, from 1, in which keys and values stand inside each other more than kTomlDepthMax deep; 0: none.
/// toml++ bounds brackets, but not the parts of a dotted key, and ends such a tree by as many nested calls.
[[nodiscard]] std::size_t toml_line_nested_too_deeply(std::string_view text);

}  // namespace shunt
