#pragma once
/// Gaps between messages that come one after the other, kept apart by whether a switch was near.
///
///     gaps.add(gap_ns);          // of the message that has just come
///     gaps.switched();           // it is the first that the new version has handled

#include <array>
#include <bit>
#include <cstdint>

namespace shunt::bench {

/// Counts by size: 64 steps to each doubling, so that what percentile() says is within 1.6 %.
class Histogram {
 public:
  void add(std::uint64_t value) noexcept {
    ++counts_[place_of(value)];
    ++count_;
    max_ = value > max_ ? value : max_;
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  /// 0 < share <= 1: the least value that so many of all do not exceed; 0 of none.
  [[nodiscard]] std::uint64_t percentile(double share) const noexcept {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.999'999);
    std::uint64_t passed = 0;
    for (std::size_t place = 0; place < counts_.size(); ++place)
      if ((passed += counts_[place]) >= rank && passed > 0) return value_of(place);
    return 0;
  }

 private:
  static constexpr unsigned kStepBits = 6;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;

  /// Up to kSteps each value has a place, and from there on every doubling has kSteps of them.
  static std::size_t place_of(std::uint64_t value) noexcept {
    if (value < kSteps) return static_cast<std::size_t>(value);
    const auto doubling = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
    return (doubling + 1) * kSteps + static_cast<std::size_t>((value >> doubling) - kSteps);
  }
  static std::uint64_t value_of(std::size_t place) noexcept {
    if (place < kSteps) return place;
    const auto doubling = place / kSteps - 1;
    return (place % kSteps + kSteps) << doubling;
  }

  std::array<std::uint64_t, (64 - kStepBits + 1) * kSteps> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

class Gaps {
 public:
  static constexpr std::size_t kNear = 100;  ///< Messages before the first of the new version, and from that on.

  void add(std::uint64_t gap_ns) noexcept {
    if (near_left_ > 0) {
      --near_left_;
      near_.add(gap_ns);
      return;
    }
    std::uint64_t& place = last_[next_++ % kNear];
    if (next_ > kNear) far_.add(place);  // no switch has come since
    place = gap_ns;
  }
  void switched() noexcept {
    for (std::size_t i = next_ < kNear ? 0 : next_ - kNear; i < next_; ++i) near_.add(last_[i % kNear]);
    next_ = 0;
    near_left_ = kNear;
  }
  /// What has had no switch near it by now has none.
  void end() noexcept {
    for (std::size_t i = next_ < kNear ? 0 : next_ - kNear; i < next_; ++i) far_.add(last_[i % kNear]);
    next_ = 0;
  }
  [[nodiscard]] const Histogram& near() const noexcept { return near_; }
  [[nodiscard]] const Histogram& far() const noexcept { return far_; }

 private:
  std::array<std::uint64_t, kNear> last_{};  // of which it is not known yet
  std::size_t next_ = 0;
  std::size_t near_left_ = 0;
  Histogram near_;
  Histogram far_;
};

}  // namespace shunt::bench
