#include "sandbox_report.hpp"

#include <shunt/bench/samples.hpp>

#include <fmt/format.h>

namespace shunt::bench {
namespace {

double median_of(std::vector<double> values) { return median(values); }

std::string origin_json(const Origin& origin) {
  return fmt::format(R"("machine":{},"governor":{},"commit":{})", json_string(origin.machine),
                     json_string(origin.governor), json_string(origin.commit));
}

struct Side {
  const char* name;
  const Count& bare;
  const Count& full;
};

std::array<Side, 2> sides_of(const BothCounts& counts) {
  return {Side{"host", counts.bare.host, counts.full.host}, Side{"plugin", counts.bare.plugin, counts.full.plugin}};
}

const char* yes(bool so) { return so ? "yes" : "NO"; }

}  // namespace

std::string json_of(const BothCounts& counts, Wait wait, const Origin& origin) {
  std::string text;
  for (const Side& side : sides_of(counts))
    text += fmt::format(
        R"({{"bench":"sandbox","what":"instructions","wait":{},"side":"{}","bare":{},"full":{},"bare_least":{},)"
        R"("bare_most":{},"full_least":{},"full_most":{},"bare_system_calls":{},"full_system_calls":{},"equal":{},{}}})"
        "\n",
        json_string(name(wait)), side.name, side.bare.instructions, side.full.instructions, side.bare.least,
        side.bare.most, side.full.least, side.full.most, side.bare.system_calls, side.full.system_calls,
        equal(side.bare, side.full), origin_json(origin));
  return text;
}

std::string table_of(const BothCounts& counts, Wait wait) {
  std::string text =
      fmt::format("Instructions of a publication, {}: most often (least to most); system calls of all\n", name(wait));
  for (const Side& side : sides_of(counts))
    text += fmt::format("  {:<8} none {:>6} ({} to {}) and {} calls   full {:>6} ({} to {}) and {} calls   equal: {}\n",
                        side.name, side.bare.instructions, side.bare.least, side.bare.most, side.bare.system_calls,
                        side.full.instructions, side.full.least, side.full.most, side.full.system_calls,
                        yes(equal(side.bare, side.full)));
  return text + '\n';
}

std::string json_of(const RoundTrips& trips, Wait wait, const Origin& origin) {
  const Verdict verdict{trips};
  return fmt::format(
      R"({{"bench":"sandbox","what":"roundtrip","wait":{},"pairs":{},"bare_p50_ns":{:.1f},"full_p50_ns":{:.1f},)"
      R"("ratio":{:.4f},"ratio_low":{:.4f},"ratio_high":{:.4f},"same":{:.4f},"same_low":{:.4f},"same_high":{:.4f},)"
      R"("same_median_low":{:.4f},"same_median_high":{:.4f},"within":{},"overlaps":{},{}}})"
      "\n",
      json_string(name(wait)), trips.ratios.size(), median_of(trips.bare_ns), median_of(trips.full_ns), verdict.ratio,
      verdict.ratio_95.low, verdict.ratio_95.high, verdict.same, verdict.same_95.low, verdict.same_95.high,
      verdict.same_median_95.low, verdict.same_median_95.high, verdict.within, verdict.overlaps, origin_json(origin));
}

std::string table_of(const RoundTrips& trips, Wait wait) {
  const Verdict verdict{trips};
  return fmt::format(
      "Round trip, {}: medians of {} pairs of p50\n"
      "  none {:.0f} ns   full {:.0f} ns   full / none {:.3f}, by bootstrap {:.3f} to {:.3f}\n"
      "  none / none {:.3f}, by bootstrap {:.3f} to {:.3f}; 95 % of the pairs {:.3f} to {:.3f}\n"
      "  full / none lies within what pairs of none / none do: {}; its interval overlaps none / none's: {}\n\n",
      name(wait), trips.ratios.size(), median_of(trips.bare_ns), median_of(trips.full_ns), verdict.ratio,
      verdict.ratio_95.low, verdict.ratio_95.high, verdict.same, verdict.same_median_95.low,
      verdict.same_median_95.high, verdict.same_95.low, verdict.same_95.high, yes(verdict.within),
      yes(verdict.overlaps));
}

std::string json_of(const Starts& starts, const Origin& origin) {
  const double added = added_ms(starts);
  const Interval interval = median_95(starts.added_ms);
  std::string text = fmt::format(
      R"({{"bench":"sandbox","what":"start","pairs":{},"bare_ms":{:.3f},"full_ms":{:.3f},"added_ms":{:.3f},)"
      R"("added_low":{:.3f},"added_high":{:.3f},"added_max":{},"within":{},{}}})"
      "\n",
      starts.added_ms.size(), median_of(starts.bare_ms), median_of(starts.full_ms), added, interval.low, interval.high,
      kAddedMsMax, starts_soon_enough(starts), origin_json(origin));
  for (const StartPart& part : starts.parts)
    text += fmt::format(
        R"({{"bench":"sandbox","what":"start_part","part":{},"bare_us":{:.1f},"full_us":{:.1f},"added_us":{:.1f},{}}})"
        "\n",
        json_string(part.name), part.bare_us, part.full_us, part.full_us - part.bare_us, origin_json(origin));
  return text;
}

std::string table_of(const Starts& starts) {
  const double added = added_ms(starts);
  const Interval interval = median_95(starts.added_ms);
  std::string text = fmt::format(
      "From the order to start until active: medians of {} pairs\n"
      "  none {:.2f} ms   full {:.2f} ms   added {:.2f} ms, by bootstrap {:.2f} to {:.2f}; at most {}: {}\n\n"
      "  {:<12} {:>8} {:>8} {:>8}   (µs; what was done since the line before)\n",
      starts.added_ms.size(), median_of(starts.bare_ms), median_of(starts.full_ms), added, interval.low, interval.high,
      kAddedMsMax, yes(starts_soon_enough(starts)), "until", "none", "full", "added");
  for (const StartPart& part : starts.parts)
    text += fmt::format("  {:<12} {:>8.0f} {:>8.0f} {:>8.0f}\n", part.name, part.bare_us, part.full_us,
                        part.full_us - part.bare_us);
  return text;
}

}  // namespace shunt::bench
