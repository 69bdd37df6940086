#pragma once
/// Times taken in a timed loop: room made and touched beforehand, one store per sample, exact percentiles afterwards.

#include <cstddef>
#include <cstdint>
#include <span>

namespace shunt::bench {

class Samples {
 public:
  /// Keeps its samples in `room`, which it does not own. More than fit are counted out, not written.
  explicit Samples(std::span<std::uint64_t> room) : room_(room) {}

  void add(std::uint64_t ticks) noexcept {
    if (used_ < room_.size()) room_[used_++] = ticks;
  }
  void clear() noexcept { used_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  std::span<std::uint64_t> room_;
  std::size_t used_ = 0;
};

/// The `share` (0 .. 1) percentile; 0 of nothing. Reorders `samples`. A clock that advances by `step` puts all that
/// lies within half a step into one reading: those are taken to be spread evenly over it, so that the result is finer
/// than the clock.
double percentile(std::span<std::uint64_t> samples, double share, std::uint64_t step = 1);

/// The median of a few numbers, the mean of the middle two when they are even; 0 of nothing. Reorders `values`.
double median(std::span<double> values);

}  // namespace shunt::bench
