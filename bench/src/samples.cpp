#include <shunt/bench/samples.hpp>

#include <algorithm>
#include <cmath>

namespace shunt::bench {

double percentile(std::span<std::uint64_t> samples, double share, std::uint64_t step) {
  if (samples.empty()) return 0;
  const double rank =
      std::clamp(std::ceil(share * static_cast<double>(samples.size())), 1.0, static_cast<double>(samples.size()));
  const auto place = samples.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(samples.begin(), place, samples.end());
  const std::uint64_t reading = *place;

  const auto below =
      std::count_if(samples.begin(), samples.end(), [&](std::uint64_t other) { return other < reading; });
  const auto equal = std::count(samples.begin(), samples.end(), reading);
  const double within = (rank - static_cast<double>(below) - 0.5) / static_cast<double>(equal) - 0.5;  // -0.5 .. 0.5
  return static_cast<double>(reading) + within * static_cast<double>(step);
}

double median(std::span<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace shunt::bench
