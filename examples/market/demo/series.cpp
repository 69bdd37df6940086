#include "series.hpp"

#include <cstdio>
#include <fstream>
#include <string>

namespace market_demo {

shunt::Result<std::vector<Day>> read_series(const std::filesystem::path& csv) {
  std::ifstream file{csv};
  std::string line;
  if (!std::getline(file, line))
    return shunt::error(shunt::ErrorCode::System, "the series {} cannot be read: name it with --data", csv.string());
  std::vector<Day> days;
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    Day day;
    unsigned year = 0;
    unsigned month = 0;
    unsigned of_month = 0;
    double adjusted = 0;
    unsigned long long volume = 0;
    if (std::sscanf(line.c_str(), "%4u-%2u-%2u,%lf,%lf,%lf,%lf,%lf,%llu", &year, &month, &of_month, &day.open,
                    &day.high, &day.low, &day.close, &adjusted, &volume) != 9)
      return shunt::error(shunt::ErrorCode::BadInput, "{}:{}: \"{}\" is not date,open,high,low,close,adjclose,volume",
                          csv.string(), number, line);
    day.date = year * 10000 + month * 100 + of_month;
    day.volume = volume;
    days.push_back(day);
  }
  return days;
}

}  // namespace market_demo
