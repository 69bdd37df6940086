#include "expected.hpp"

#include <cmath>

namespace market_demo {

Totals expected_totals(const std::vector<Day>& days, std::uint64_t messages) {
  Totals totals;
  for (std::uint64_t i = 0; i < messages; ++i) {
    const Day& day = days[i % days.size()];
    const auto open_cents = static_cast<std::int64_t>(std::floor(day.open * 100 + 0.5));
    const auto close_cents = static_cast<std::int64_t>(std::floor(day.close * 100 + 0.5));
    const bool rises = close_cents > open_cents;
    const std::int64_t strength =
        (rises ? close_cents - open_cents : open_cents - close_cents) * 1'000'000 / open_cents;
    std::int64_t lots = strength < 500 ? 0 : strength / 1000;
    if (lots > 25) lots = 25;
    if (lots * close_cents > 3'000'000) lots = 0;
    ++totals.fills;
    totals.position += rises ? lots : -lots;
    totals.cash_cents += (rises ? -lots : lots) * close_cents;
    totals.turnover_cents += static_cast<std::uint64_t>(lots * close_cents);
  }
  return totals;
}

}  // namespace market_demo
