#pragma once
/// What people may call things. Names travel into C++ identifiers, file names and terminals, so they are plain ASCII.
///
///     is_route_name("momentum/signal");   // a function of a plugin
///     is_route_name("market.bars");       // a topic

#include <string_view>

namespace shunt {

/// A plugin, a function or a config key: a letter, then letters, digits, '_' and '-'; at most kNameBytesMax, as for
/// every name here.
bool is_name(std::string_view name) noexcept;

/// Names joined by '.': topics and FlatBuffers types.
bool is_dotted_name(std::string_view name) noexcept;

/// "plugin/function".
bool is_function_route(std::string_view name) noexcept;

/// A shared library's file, such as "libstdc++.so.6": letters, digits, '.', '_', '-' and '+', and no path.
bool is_library_name(std::string_view name) noexcept;

/// A function route or a topic.
bool is_route_name(std::string_view name) noexcept;

}  // namespace shunt
