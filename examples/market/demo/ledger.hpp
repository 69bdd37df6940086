#pragma once
/// What came back: every bar once, per version in order, and how long each took.

#include "expected.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace market_demo {

class Ledger {
 public:
  explicit Ledger(std::uint64_t messages) : times_ns_(messages), seen_(messages) {}

  void sent(std::uint64_t sequence, std::int64_t now_ns) {
    times_ns_[sequence] = now_ns;
    in_flight_max_ = std::max(in_flight_max_, sequence + 1 - received_);
  }

  void filled(std::uint64_t sequence, std::uint16_t version, const Totals& totals, std::int64_t now_ns) {
    if (sequence >= seen_.size()) {
      ++foreign_;
      return;
    }
    if (seen_[sequence]) {
      ++duplicated_;
    } else {
      ++received_;
      seen_[sequence] = true;
      times_ns_[sequence] = now_ns - times_ns_[sequence];
    }
    auto& last = last_of_version_[version];
    if (last.count > 0 && sequence < last.sequence) ++reordered_;
    last = {sequence, last.count + 1};
    if (totals.fills > totals_.fills) totals_ = totals;
  }

  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t lost() const { return seen_.size() - received_; }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_ + foreign_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }
  /// Bars without a fill, at the moment that had the most.
  [[nodiscard]] std::uint64_t in_flight_max() const { return in_flight_max_; }
  [[nodiscard]] const Totals& totals() const { return totals_; }

  /// Of the fills, by minor version of momentum.
  [[nodiscard]] std::map<std::uint16_t, std::uint64_t> by_version() const {
    std::map<std::uint16_t, std::uint64_t> counts;
    for (const auto& [version, last] : last_of_version_) counts[version] = last.count;
    return counts;
  }

  /// From publishing a bar to the callback with its fill, of the bars from `first` up to before `end`; `share` 0.5 is
  /// the median. 0 without any. Sorts a copy: at the end only.
  [[nodiscard]] std::int64_t latency_ns(std::uint64_t first, std::uint64_t end, double share) const {
    std::vector<std::int64_t> latencies;
    for (std::uint64_t sequence = first; sequence < end; ++sequence)
      if (seen_[sequence]) latencies.push_back(times_ns_[sequence]);
    if (latencies.empty()) return 0;
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(latencies.size() - 1));
    std::ranges::nth_element(latencies, latencies.begin() + place);
    return latencies[static_cast<std::size_t>(place)];
  }

 private:
  struct Last {
    std::uint64_t sequence = 0;
    std::uint64_t count = 0;
  };
  std::vector<std::int64_t> times_ns_;  // when a bar was sent; once its fill is there, how long that took
  std::vector<bool> seen_;
  std::map<std::uint16_t, Last> last_of_version_;
  Totals totals_;
  std::uint64_t received_ = 0;
  std::uint64_t in_flight_max_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t reordered_ = 0;
};

}  // namespace market_demo
