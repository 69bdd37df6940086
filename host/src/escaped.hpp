#pragma once
/// Text of a plugin as it may stand in ours.

#include <string>
#include <string_view>

namespace shunt::host {

/// At most `bytes_max` bytes of `text`, with "..." where it was cut. Control characters, those that change the
/// direction of writing, and bytes that are no UTF-8 stand as "\x1b": nothing in it can end a line, steer a terminal or
/// break a parser.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t bytes_max);

}  // namespace shunt::host
