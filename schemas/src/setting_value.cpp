#include "setting_value.hpp"

#include <shunt/schemas/pattern.hpp>

#include <charconv>
#include <cmath>

namespace shunt {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<double> real(std::string_view text) {
  const auto value = number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// "from 2 to 500", "of at least 2", "of at most 500" or nothing.
std::string range_of(const ConfigKey& key) {
  if (key.minimum && key.maximum) return fmt::format(" from {} to {}", *key.minimum, *key.maximum);
  if (key.minimum) return fmt::format(" of at least {}", *key.minimum);
  if (key.maximum) return fmt::format(" of at most {}", *key.maximum);
  return {};
}

}  // namespace

std::string_view name(ConfigType type) noexcept {
  switch (type) {
    case ConfigType::Int: return "int";
    case ConfigType::Float: return "float";
    case ConfigType::Bool: return "bool";
    case ConfigType::String: return "string";
  }
  return "unknown";
}

bool check_value_type(ConfigType type, std::string_view value) {
  switch (type) {
    case ConfigType::Int: return number<std::int64_t>(value).has_value();
    case ConfigType::Float: return real(value).has_value();
    case ConfigType::Bool: return value == "true" || value == "false";
    case ConfigType::String: return value.find('\0') == std::string_view::npos;
  }
  return false;
}

bool is_below(ConfigType type, std::string_view left, std::string_view right) {
  if (type == ConfigType::Int) {
    const auto a = number<std::int64_t>(left), b = number<std::int64_t>(right);
    return a && b && *a < *b;
  }
  const auto a = real(left), b = real(right);
  return a && b && *a < *b;
}

Status check_value_range(const ConfigKey& key, std::string_view value) {
  if (value.size() > kSettingBytesMax)
    return error(ErrorCode::BadInput, "has {} bytes; at most {} are possible", value.size(), kSettingBytesMax);
  const bool too_low = key.minimum && is_below(key.type, value, *key.minimum);
  const bool too_high = key.maximum && is_below(key.type, *key.maximum, value);
  if (!check_value_type(key.type, value) || too_low || too_high)
    return error(ErrorCode::BadInput, "is {:?}; {} {}{} is meant", value, key.type == ConfigType::Int ? "an" : "a",
                 name(key.type), range_of(key));
  return {};
}

Status check_setting(const ConfigKey& key, std::string_view value) {
  SHUNT_CHECK(check_value_range(key, value));
  if (!key.pattern) return {};
  const auto matches = matches_pattern(value, *key.pattern);
  if (!matches)
    return error(ErrorCode::BadManifest, "has a pattern that {}; correct plugin.toml", matches.error().message);
  if (!*matches) return error(ErrorCode::BadInput, "is {:?}; a string that matches /{}/ is meant", value, *key.pattern);
  return {};
}

}  // namespace shunt
