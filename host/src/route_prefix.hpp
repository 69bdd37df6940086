#pragma once
/// "momentum/*" and "market.*": every function, or topic, whose name begins so.

#include <shunt/schemas/names.hpp>

#include <string>
#include <string_view>

namespace shunt::host {

/// "*" is every topic.
[[nodiscard]] inline bool is_route_prefix(std::string_view name) {
  if (!name.ends_with('*')) return false;
  name.remove_suffix(1);
  return is_route_name(std::string{name} + "x");
}

/// Whether a name that is_route_prefix() holds of means this route.
[[nodiscard]] constexpr bool prefix_covers(std::string_view prefix, std::string_view route) noexcept {
  const bool functions = prefix.find('/') != std::string_view::npos;
  return route.starts_with(prefix.substr(0, prefix.size() - 1)) &&
         functions == (route.find('/') != std::string_view::npos);
}

}  // namespace shunt::host
