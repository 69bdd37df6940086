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
  explicit Ledger(std::uint64_t messages) : sent_ns_(messages), seen_(messages) { latencies_ns_.reserve(messages); }

  void sent(std::uint64_t sequence, std::int64_t now_ns) { sent_ns_[sequence] = now_ns; }

  void filled(std::uint64_t sequence, std::uint16_t version, const Totals& totals, std::int64_t now_ns) {
    if (sequence >= seen_.size()) {
      ++foreign_;
      return;
    }
    if (seen_[sequence]) ++duplicated_;
    else latencies_ns_.push_back(now_ns - sent_ns_[sequence]);
    seen_[sequence] = true;
    auto& last = last_of_version_[version];
    if (last.count > 0 && sequence < last.sequence) ++reordered_;
    last = {sequence, last.count + 1};
    if (totals.fills > totals_.fills) totals_ = totals;
  }

  [[nodiscard]] std::uint64_t received() const { return latencies_ns_.size(); }
  [[nodiscard]] std::uint64_t lost() const { return seen_.size() - latencies_ns_.size(); }
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_ + foreign_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }
  [[nodiscard]] const Totals& totals() const { return totals_; }

  /// Of the fills, by minor version of momentum.
  [[nodiscard]] std::map<std::uint16_t, std::uint64_t> by_version() const {
    std::map<std::uint16_t, std::uint64_t> counts;
    for (const auto& [version, last] : last_of_version_) counts[version] = last.count;
    return counts;
  }

  /// From publishing a bar to the callback with its fill; `share` 0.5 is the median. Sorts: at the end only.
  [[nodiscard]] std::int64_t latency_ns(double share) {
    if (latencies_ns_.empty()) return 0;
    const auto place = static_cast<std::size_t>(share * static_cast<double>(latencies_ns_.size() - 1));
    std::ranges::nth_element(latencies_ns_, latencies_ns_.begin() + static_cast<std::ptrdiff_t>(place));
    return latencies_ns_[place];
  }

 private:
  struct Last {
    std::uint64_t sequence = 0;
    std::uint64_t count = 0;
  };
  std::vector<std::int64_t> sent_ns_;
  std::vector<bool> seen_;
  std::vector<std::int64_t> latencies_ns_;
  std::map<std::uint16_t, Last> last_of_version_;
  Totals totals_;
  std::uint64_t duplicated_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t reordered_ = 0;
};

}  // namespace market_demo
