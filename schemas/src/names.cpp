#include "digits.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>

namespace shunt {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool is_name(std::string_view name) noexcept {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kNameBytesMax && is_letter(name.front()) && std::ranges::all_of(name, fits);
}

bool is_dotted_name(std::string_view name) noexcept {
  if (name.size() > kNameBytesMax) return false;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_name(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_name(name);
}

bool is_function_route(std::string_view name) noexcept {
  const auto slash = name.find('/');
  return slash != std::string_view::npos && name.size() <= 2 * kNameBytesMax + 1 && is_name(name.substr(0, slash)) &&
         is_name(name.substr(slash + 1));
}

bool is_library_name(std::string_view name) noexcept {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '+'; };
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' && std::ranges::all_of(name, fits);
}

bool is_route_name(std::string_view name) noexcept { return is_function_route(name) || is_dotted_name(name); }

}  // namespace shunt
