#pragma once
/// What the plugins together must arrive at, computed in one loop of its own: it shares nothing with them but the
/// rules.
///
///     move      = close - open, in whole cents; its strength = |move| / open, in millionths
///     signal    = sign of the move; nothing below a strength of 500
///     order     = one lot per full 1,000 millionths, at most 25 lots; refused above 30,000.00 in value
///     fill      = at the close, in whole cents

#include "series.hpp"

#include <cstdint>
#include <vector>

namespace market_demo {

struct Totals {
  std::uint64_t fills = 0;
  std::int64_t position = 0;
  std::int64_t cash_cents = 0;
  std::uint64_t turnover_cents = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// After `messages` days of the series, started over as often as it takes.
[[nodiscard]] Totals expected_totals(const std::vector<Day>& days, std::uint64_t messages);

}  // namespace market_demo
