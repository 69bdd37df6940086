#pragma once
/// What plugin.toml lets people call a plugin, a function or a configuration key, each of which becomes a name of C++.

#include <optional>
#include <string>
#include <string_view>

namespace shunt {

/// "market.signals" and "risk/check" as parts of an identifier: "market_signals", "risk_check".
std::string identifier(std::string_view name);

/// Why a name is refused, as the end of a sentence about it; nothing when it is not.
std::optional<std::string> refuse_name(std::string_view name);

}  // namespace shunt
