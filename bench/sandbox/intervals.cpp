#include "intervals.hpp"

#include <shunt/bench/samples.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace shunt::bench {
namespace {

constexpr std::size_t kDraws = 10'000;

/// Between the two ranks that `share` falls between, by distance.
double quantile(const std::vector<double>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval middle_95(std::span<const double> values) {
  if (values.empty()) return {};
  std::vector<double> sorted{values.begin(), values.end()};
  std::sort(sorted.begin(), sorted.end());
  return {quantile(sorted, 0.025), quantile(sorted, 0.975)};
}

Interval median_95(std::span<const double> values) {
  if (values.empty()) return {};
  std::mt19937 random{1};
  std::uniform_int_distribution<std::size_t> any{0, values.size() - 1};
  std::vector<double> drawn(values.size());
  std::vector<double> medians(kDraws);
  for (double& each : medians) {
    for (double& value : drawn) value = values[any(random)];
    each = median(drawn);
  }
  return middle_95(medians);
}

}  // namespace shunt::bench
