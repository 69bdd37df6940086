#pragma once
/// How names of the manifest become names of C++, and which are refused.

#include <shunt/schemas/plugin_name.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace shunt::manifest_compiler {

using shunt::identifier;
using shunt::refuse_name;

/// "market.Bar" as C++ says it: "market::Bar".
std::string cpp_type(std::string_view name);

/// Why a name cannot be that of a topic; nothing when it can: names like a plugin's, joined by dots.
std::optional<std::string> refuse_topic_name(std::string_view name);

/// The same for a function of another plugin, "plugin/function".
std::optional<std::string> refuse_call_name(std::string_view name);

/// A C++ string literal of `text`.
std::string string_literal(std::string_view text);

}  // namespace shunt::manifest_compiler
