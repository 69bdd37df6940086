#include <shunt/schemas/toml_nesting.hpp>

#include <algorithm>
#include <vector>

namespace shunt {

std::size_t toml_line_nested_too_deeply(std::string_view text) {
  std::vector<std::size_t> outer;  // the depth in front of each open bracket
  std::size_t line = 1;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '"' || c == '\'') {
      while (++i < text.size() && text[i] != c && text[i] != '\n')
        if (c == '"' && text[i] == '\\') ++i;
      if (i < text.size() && text[i] == '\n') --i;  // a string of several lines: each is looked at by itself
    } else if (c == '\n' || c == ',') {
      line += c == '\n' ? 1 : 0;
      depth = outer.empty() ? 0 : outer.back();
    } else if (c == '[' || c == '{') {
      outer.push_back(++depth);
    } else if ((c == ']' || c == '}') && !outer.empty()) {
      outer.pop_back();
    } else if (c == '.') {
      ++depth;
    }
    if (depth > kTomlDepthMax) return line;
  }
  return 0;
}

}  // namespace shunt
