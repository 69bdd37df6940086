#pragma once
/// How names of the manifest become names of C++, and which are refused.

#include <optional>
#include <string>
#include <string_view>

namespace shunt::manifest_compiler {

/// "market.signals" and "risk/check" as parts of an identifier: "market_signals", "risk_check".
std::string identifier(std::string_view name);

/// "market.Bar" as C++ says it: "market::Bar".
std::string cpp_type(std::string_view name);

/// Why a name cannot be that of a plugin, function or configuration key; nothing when it can.
std::optional<std::string> refuse_name(std::string_view name);

/// The same for a topic: names like a plugin's, joined by dots.
std::optional<std::string> refuse_topic_name(std::string_view name);

/// The same for a function of another plugin, "plugin/function".
std::optional<std::string> refuse_call_name(std::string_view name);

/// A C++ string literal of `text`.
std::string string_literal(std::string_view text);

}  // namespace shunt::manifest_compiler
