#pragma once
/// What a page of docs/ says of a file format: the keys in its tables, and its examples.
///
///     const shunt::test::Page page{"docs/host-toml.md"};       // below the source tree
///     EXPECT_EQ(page.keys("[host]"), known);

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shunt::test {

class Page {
 public:
  explicit Page(const std::string& file) {
    std::ifstream stream{file};
    if (!stream) throw std::runtime_error(file + " cannot be read");
    text_.assign(std::istreambuf_iterator<char>{stream}, {});
  }

  /// The first cells, in back quotes, of the table rows between this heading and the next one.
  [[nodiscard]] std::set<std::string> keys(std::string_view heading) const {
    std::set<std::string> found;
    std::istringstream lines{section(heading)};
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("| `")) found.insert(line.substr(3, line.find('`', 3) - 3));
    return found;
  }

  /// The first block of this language after this heading; without a heading, of the page.
  [[nodiscard]] std::string block(std::string_view language, std::string_view heading = "") const {
    const std::string text = heading.empty() ? text_ : section(heading);
    const std::string fence = "```" + std::string(language) + "\n";
    const auto start = text.find(fence);
    const auto end = text.find("```\n", start == std::string::npos ? start : start + fence.size());
    if (end == std::string::npos) throw std::runtime_error("no " + std::string(language) + " block is there");
    return text.substr(start + fence.size(), end - start - fence.size());
  }

 private:
  [[nodiscard]] std::string section(std::string_view heading) const {
    std::istringstream lines{text_};
    std::string found;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('#') && line.find_first_not_of('#') == line.find(' ')) {
        if (inside) return found;
        inside = line.substr(line.find(' ') + 1) == heading;
      } else if (inside) {
        found += line + '\n';
      }
    }
    if (!inside) throw std::runtime_error("no heading \"" + std::string(heading) + "\" is there");
    return found;
  }

  std::string text_;
};

/// The words of "a, b, c".
inline std::set<std::string> words_of(std::string_view list) {
  std::set<std::string> words;
  std::istringstream stream{std::string(list)};
  for (std::string word; std::getline(stream, word, ',');) words.insert(word.substr(word.find_first_not_of(' ')));
  return words;
}

}  // namespace shunt::test
