#pragma once
/// Everything that is wrong with an input, each with its place, so that one run shows all of it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace shunt::manifest_compiler {

struct Place {
  std::string file;
  std::uint32_t line = 0;  ///< From 1; 0: the file as a whole.
};

class Problems {
 public:
  template <typename... Arguments>
  void add(const Place& place, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    lines_.push_back(fmt::format("{}:{}: {}", place.file, place.line == 0 ? 1 : place.line,
                                 fmt::format(text, std::forward<Arguments>(arguments)...)));
  }
  /// A line that names its place itself.
  void add_line(std::string line) { lines_.push_back(std::move(line)); }

  [[nodiscard]] bool none() const { return lines_.empty(); }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace shunt::manifest_compiler
