#include "names.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace shunt::manifest_compiler {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string cpp_type(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '.') text += "::";
    else text += c;
  }
  return text;
}

std::optional<std::string> refuse_topic_name(std::string_view name) {
  if (name.size() > kNameBytesMax) return fmt::format("is longer than {} bytes", kNameBytesMax);
  for (std::size_t from = 0;;) {
    const auto dot = name.find('.', from);
    const auto part = name.substr(from, dot - from);
    const bool shape = !part.empty() && is_lower(part.front()) && std::ranges::all_of(part, [](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-';
    });
    if (!shape) return "is not a topic: lower-case names joined by dots, like \"market.bars\"";
    if (dot == std::string_view::npos) return {};
    from = dot + 1;
  }
}

std::optional<std::string> refuse_call_name(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || name.find('/', slash + 1) != std::string_view::npos)
    return "does not name a function; write \"plugin/function\", in quotes";
  if (auto why = refuse_name(name.substr(0, slash))) return "names a plugin that " + *why;
  if (auto why = refuse_name(name.substr(slash + 1))) return "names a function that " + *why;
  return {};
}

std::string string_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') literal += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte >= 0x7f || c == '?') literal += fmt::format("\\{:03o}", byte);
    else literal += c;
  }
  return literal + "\"";
}

}  // namespace shunt::manifest_compiler
