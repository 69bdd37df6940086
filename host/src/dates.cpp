#include "dates.hpp"

#include <charconv>

namespace shunt {
namespace {

/// The number that `text` is, digits only; -1 for anything else.
int number(std::string_view text) {
  int value = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() && text.front() != '-' ? value : -1;
}

}  // namespace

Result<std::chrono::sys_days> parse_day(std::string_view text) {
  constexpr std::size_t kBytes = 10;
  if (text.size() == kBytes && text[4] == '-' && text[7] == '-') {
    const int year = number(text.substr(0, 4)), month = number(text.substr(5, 2)), day = number(text.substr(8, 2));
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (year >= 0 && month >= 0 && day >= 0 && date.ok()) return std::chrono::sys_days{date};
  }
  return error(ErrorCode::BadInput, "{:?} is no day; one such as 2027-12-31 is meant", text);
}

std::string to_string(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace shunt
