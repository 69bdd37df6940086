#pragma once
/// The rows of docs/wrong-use.md.

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::test {

struct PageRow {
  std::string mistake;
  std::string said;  ///< "…" stands for any text.
  std::string cure;
};

/// The cells of "| a | `b` | c |", without spaces around them; `\|` within one is a `|`.
inline std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells{""};
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '|') cells.back() += line[++at];
    else if (line[at] == '|') cells.emplace_back();
    else cells.back() += line[at];
  }
  cells.pop_back();  // behind the last bar
  for (std::string& each : cells) {
    each.erase(0, each.find_first_not_of(' '));
    each.erase(each.find_last_not_of(' ') + 1);
  }
  return cells;
}

/// The rows of all tables of three columns whose second cell is code.
inline std::vector<PageRow> rows_of(const std::string& file) {
  std::ifstream stream{file};
  if (!stream) throw std::runtime_error(file + " cannot be read");
  std::vector<PageRow> rows;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("| ") || line.find('`') == std::string::npos) continue;
    const auto cells = cells_of(line);
    if (cells.size() != 3 || !cells[1].starts_with('`') || !cells[1].ends_with('`'))
      throw std::runtime_error("a row of three cells with code in the second is meant: " + line);
    rows.push_back({cells[0], cells[1].substr(1, cells[1].size() - 2), cells[2]});
  }
  return rows;
}

/// Whether `text` is `pattern`, in which "…" stands for any text.
inline bool is_like(std::string_view text, std::string_view pattern) {
  constexpr std::string_view kAny = "…";
  auto part = pattern.substr(0, pattern.find(kAny));
  if (!text.starts_with(part)) return false;
  if (part.size() == pattern.size()) return text.size() == part.size();
  text.remove_prefix(part.size());
  pattern.remove_prefix(part.size() + kAny.size());
  for (auto next = pattern.find(kAny); next != std::string_view::npos; next = pattern.find(kAny)) {
    const auto found = text.find(pattern.substr(0, next));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + next);
    pattern.remove_prefix(next + kAny.size());
  }
  return text.ends_with(pattern);
}

}  // namespace shunt::test
