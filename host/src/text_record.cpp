#include "text_record.hpp"

#include <algorithm>

namespace shunt {
namespace {

/// Takes one line with its end off `text`. False: there is none left, or it is cut off.
bool take_line(std::string_view& text, std::string_view& line) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

bool is_value(std::string_view value) {
  return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<std::vector<std::string>> read_record(std::string_view text, std::string_view title,
                                             std::span<const RecordField> fields) {
  std::string_view line;
  if (!take_line(text, line) || line != title) return error(ErrorCode::BadInput, "its first line is not \"{}\"", title);
  std::vector<std::string> values;
  int number = 1;
  for (const RecordField& field : fields) {
    const auto prefix = fmt::format("{} ", field.name);
    if (!text.starts_with(prefix) && !field.required) {
      values.emplace_back();
      continue;
    }
    ++number;
    if (!text.starts_with(prefix) || !take_line(text, line) || !is_value(line.substr(prefix.size())))
      return error(ErrorCode::BadInput, "line {} is not a whole \"{} ...\"", number, field.name);
    values.emplace_back(line.substr(prefix.size()));
  }
  if (!text.empty()) return error(ErrorCode::BadInput, "something follows line {}", number);
  return values;
}

}  // namespace shunt
