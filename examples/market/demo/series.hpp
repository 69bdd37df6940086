#pragma once
/// The S&P 500 by trading day since 2000, as the demo replays it.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace market_demo {

struct Day {
  std::uint32_t date = 0;  ///< yyyymmdd
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::uint64_t volume = 0;
};

/// Reads `date,open,high,low,close,adjclose,volume` lines below one header line; there is at least one.
/// Errors: System (the file cannot be read), BadInput (with the line that is wrong, or when there is none).
[[nodiscard]] shunt::Result<std::vector<Day>> read_series(const std::filesystem::path& csv);

}  // namespace market_demo
