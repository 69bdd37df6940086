#include "digits.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/plugin_name.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace shunt {
namespace {

constexpr std::array<std::string_view, 106> kKeywords{
    "alignas",     "alignof",   "and",        "and_eq",      "asm",      "auto",         "bitand",
    "bitor",       "bool",      "break",      "case",        "catch",    "char",         "char8_t",
    "char16_t",    "char32_t",  "class",      "compl",       "concept",  "const",        "consteval",
    "constexpr",   "constinit", "const_cast", "continue",    "co_await", "co_return",    "co_yield",
    "decltype",    "default",   "delete",     "do",          "double",   "dynamic_cast", "else",
    "enum",        "explicit",  "export",     "extern",      "false",    "float",        "for",
    "friend",      "goto",      "if",         "inline",      "int",      "long",         "mutable",
    "namespace",   "new",       "noexcept",   "not",         "not_eq",   "nullptr",      "operator",
    "or",          "or_eq",     "private",    "protected",   "public",   "register",     "reinterpret_cast",
    "requires",    "return",    "short",      "signed",      "sizeof",   "static",       "static_assert",
    "static_cast", "struct",    "switch",     "template",    "this",     "thread_local", "throw",
    "true",        "try",       "typedef",    "typeid",      "typename", "union",        "unsigned",
    "using",       "virtual",   "void",       "volatile",    "wchar_t",  "while",        "xor",
    "xor_eq",      "std",       "shunt",      "flatbuffers", "main",     "errno",        "linux",
    "unix",        "assert",    "stdin",      "stdout",      "stderr",   "major",        "minor",
    "makedev"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string identifier(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c == '.' || c == '/' || c == '-') c = '_';
  return text;
}

std::optional<std::string> refuse_name(std::string_view name) {
  if (name.size() > kNameBytesMax) return fmt::format("is longer than {} bytes", kNameBytesMax);
  const bool shape = !name.empty() && is_lower(name.front()) && std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-';
  });
  if (!shape) return "is not a name: a lower-case letter, then lower-case letters, digits, '_' or '-'";
  const auto text = identifier(name);
  if (text.find("__") != std::string::npos) return "has two underscores in a row, which C++ keeps for itself";
  if (std::ranges::find(kKeywords, text) != kKeywords.end()) return "is a word that C++ or the kit keeps for itself";
  return {};
}

}  // namespace shunt
