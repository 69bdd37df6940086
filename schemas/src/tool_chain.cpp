#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/tool_chain.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/ranges.h>

namespace shunt {
namespace {

bool is_compiler_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+';
  };
  return !name.empty() && std::ranges::all_of(name, fits);
}

/// Without leading zeros, so that there is one spelling.
std::optional<std::uint32_t> number(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc{} || end != digits.data() + digits.size()) return {};
  if (digits.size() > 1 && digits.front() == '0') return {};
  return value;
}

}  // namespace

Result<ToolChain> ToolChain::parse(std::string_view text) {
  const auto refuse = [&] {
    return error(ErrorCode::BadInput, "{:?} is no tool chain: write a compiler's name and version, e.g. GNU 12.2.0",
                 text.substr(0, kNameBytesMax));
  };
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.size() > kNameBytesMax || !is_compiler_name(text.substr(0, space)))
    return refuse();
  ToolChain tool_chain{std::string(text.substr(0, space)), {}};
  for (auto from = space + 1;;) {
    const auto dot = text.find('.', from);
    const auto value = number(text.substr(from, dot == std::string_view::npos ? dot : dot - from));
    if (!value) return refuse();
    tool_chain.version.push_back(*value);
    if (dot == std::string_view::npos) return tool_chain;
    from = dot + 1;
  }
}

std::string to_string(const ToolChain& tool_chain) {
  return fmt::format("{} {}", tool_chain.name, fmt::join(tool_chain.version, "."));
}

}  // namespace shunt
