#pragma once
/// Durations, and how they are spread. Room for all of them is made before the first: adding one allocates nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace robot_demo {

/// Nanoseconds; 0 where there was nothing to measure.
struct Spread {
  std::int64_t p50 = 0;
  std::int64_t p99 = 0;
  std::int64_t max = 0;
};

class Samples {
 public:
  explicit Samples(std::size_t room) { values_.reserve(room); }

  /// Beyond the room nothing is kept.
  void add(std::int64_t ns) {
    if (values_.size() < values_.capacity()) values_.push_back(ns);
  }
  [[nodiscard]] std::size_t above(std::int64_t ns) const {
    return static_cast<std::size_t>(std::ranges::count_if(values_, [&](std::int64_t value) { return value > ns; }));
  }
  [[nodiscard]] Spread spread() const {
    if (values_.empty()) return {};
    auto sorted = values_;
    std::ranges::sort(sorted);
    const auto place = [&](std::size_t percent) { return sorted[(sorted.size() - 1) * percent / 100]; };
    return {place(50), place(99), sorted.back()};
  }

 private:
  std::vector<std::int64_t> values_;
};

}  // namespace robot_demo
