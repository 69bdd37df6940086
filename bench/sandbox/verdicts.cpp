#include "verdicts.hpp"

#include <shunt/bench/samples.hpp>

#include <vector>

namespace shunt::bench {
namespace {

double median_of(std::vector<double> values) { return median(values); }

}  // namespace

bool equal(const Count& bare, const Count& full) noexcept {
  return bare.instructions == full.instructions && bare.system_calls == full.system_calls;
}

bool equal(const BothCounts& counts) noexcept {
  return equal(counts.bare.host, counts.full.host) && equal(counts.bare.plugin, counts.full.plugin);
}

Verdict::Verdict(const RoundTrips& trips)
    : ratio(median_of(trips.ratios)),
      ratio_95(median_95(trips.ratios)),
      same(median_of(trips.same)),
      same_95(middle_95(trips.same)),
      same_median_95(median_95(trips.same)),
      within(same_95.contains(ratio_95)),
      overlaps(same_median_95.overlaps(ratio_95)) {}

double added_ms(const Starts& starts) { return median_of(starts.added_ms); }

bool starts_soon_enough(const Starts& starts) { return added_ms(starts) <= kAddedMsMax; }

}  // namespace shunt::bench
