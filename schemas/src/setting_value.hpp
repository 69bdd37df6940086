#pragma once
/// Values of plugin configuration as text: their type and their order. No expressions: see check_setting for those.

#include <shunt/schemas/manifest.hpp>

namespace shunt {

/// Whether `value` reads as `type`, and as nothing more: no spaces, no "nan", no "inf", no zero byte.
bool check_value_type(ConfigType type, std::string_view value);

/// Whether one number is below another; false unless both read as `type`.
bool is_below(ConfigType type, std::string_view left, std::string_view right);

/// Type, length and range. Errors: BadInput, in words that continue "<key> ...".
Status check_value_range(const ConfigKey& key, std::string_view value);

}  // namespace shunt
