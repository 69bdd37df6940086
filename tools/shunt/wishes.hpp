#pragma once
/// What a message is chosen by, from the command line into a request.

#include "commands.hpp"

#include <charconv>

namespace shunt::tool {

/// A key that is all digits is a number, as a program would give it.
inline void add_wishes(Json& request, const Options& options) {
  if (!options.hints.empty()) request["hints"] = options.hints;
  if (!options.message_key) return;
  const std::string& text = *options.message_key;
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = problem == std::errc{} && end == text.data() + text.size();
  request["key"] = is_number ? Json(number) : Json(text);
}

}  // namespace shunt::tool
