#include "series.hpp"

#include <cstdio>
#include <fstream>
#include <string>

namespace market_demo {
namespace {

bool is_price(double value) { return value >= 0.01 && value < 1e9; }

/// Of a line as it stands in the file, to its last byte.
bool read_day(const std::string& line, Day& day) {
  unsigned year = 0;
  unsigned month = 0;
  unsigned of_month = 0;
  double adjusted = 0;
  unsigned long long volume = 0;
  int end = 0;
  if (std::sscanf(line.c_str(), "%4u-%2u-%2u,%lf,%lf,%lf,%lf,%lf,%llu%n", &year, &month, &of_month, &day.open,
                  &day.high, &day.low, &day.close, &adjusted, &volume, &end) != 9 ||
      static_cast<std::size_t>(end) != line.size())
    return false;
  day.date = year * 10000 + month * 100 + of_month;
  day.volume = volume;
  return is_price(day.open) && is_price(day.high) && is_price(day.low) && is_price(day.close);
}

}  // namespace

shunt::Result<std::vector<Day>> read_series(const std::filesystem::path& csv) {
  std::ifstream file{csv};
  // A folder opens, and only reading it fails.
  if (!file || (file.peek(), file.bad()))
    return shunt::error(shunt::ErrorCode::System, "the series {} cannot be read: name it with --data", csv.string());
  std::string line;
  std::getline(file, line);
  std::vector<Day> days;
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    Day day;
    if (!read_day(line, day))
      return shunt::error(shunt::ErrorCode::BadInput,
                          "{}:{}: \"{}\" is not date,open,high,low,close,adjclose,volume with prices above 0: correct "
                          "or remove the line",
                          csv.string(), number, line);
    days.push_back(day);
  }
  if (days.empty())
    return shunt::error(
        shunt::ErrorCode::BadInput,
        "{} holds no day: below a header line it takes lines of date,open,high,low,close,adjclose,volume",
        csv.string());
  return days;
}

}  // namespace market_demo
