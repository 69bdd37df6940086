#pragma once
/// How long calls took, counted in steps of about 3 %: a histogram that only grows.
///
/// Steps double every kSteps of them, as HdrHistogram (G. Tene) has it: below kSteps ns each is one ns wide, from there
/// on an octave is divided in kSteps. What took longer than the last step counts there. Single-writer; 8 KiB.

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shunt::host {

class Latencies {
 public:
  static constexpr std::size_t kSteps = 32;
  static constexpr std::size_t kOctaves = 32;  ///< Up to 137 s.
  static constexpr std::size_t kPlaces = kSteps * (kOctaves + 1);

  /// What was counted so far, or in between.
  class Counts {
   public:
    friend Counts operator-(Counts more, const Counts& less) noexcept {
      for (std::size_t i = 0; i < kPlaces; ++i) more.counts_[i] -= less.counts_[i];
      return more;
    }
    Counts& operator+=(const Counts& other) noexcept {
      for (std::size_t i = 0; i < kPlaces; ++i) counts_[i] += other.counts_[i];
      return *this;
    }
    [[nodiscard]] std::uint64_t all() const noexcept {
      std::uint64_t sum = 0;
      for (const std::uint64_t each : counts_) sum += each;
      return sum;
    }
    /// What `thousandths` of all took at most, upwards to the end of its step; 0 where there are none.
    [[nodiscard]] std::chrono::nanoseconds percentile(std::uint32_t thousandths) const noexcept {
      const std::uint64_t sum = all();
      const std::uint64_t rank = (sum * thousandths + 999) / 1000;
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < kPlaces; ++i) {
        below += counts_[i];
        if (below >= rank && below > 0) return std::chrono::nanoseconds{end_of(i)};
      }
      return {};
    }

   private:
    friend class Latencies;
    std::array<std::uint64_t, kPlaces> counts_{};
  };

  void add(std::int64_t took_ns) noexcept {
    auto& count = counts_[place_of(took_ns)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// Any thread. Relaxed: sums of what has happened, and nothing is ordered by them.
  [[nodiscard]] Counts counts() const noexcept {
    Counts counts;
    for (std::size_t i = 0; i < kPlaces; ++i) counts.counts_[i] = counts_[i].load(std::memory_order_relaxed);
    return counts;
  }

 private:
  [[nodiscard]] static constexpr std::size_t place_of(std::int64_t took_ns) noexcept {
    const auto took = static_cast<std::uint64_t>(took_ns < 0 ? 0 : took_ns);
    if (took < kSteps) return static_cast<std::size_t>(took);
    const auto octave = static_cast<std::size_t>(std::bit_width(took) - std::bit_width(kSteps - 1));  // from 1 on
    const std::size_t step = static_cast<std::size_t>(took >> (octave - 1)) - kSteps;
    const std::size_t place = octave * kSteps + step;
    return place < kPlaces ? place : kPlaces - 1;
  }
  [[nodiscard]] static constexpr std::int64_t end_of(std::size_t place) noexcept {
    if (place < kSteps) return static_cast<std::int64_t>(place);
    const std::size_t octave = place / kSteps;
    return static_cast<std::int64_t>((std::uint64_t{kSteps + place % kSteps + 1} << (octave - 1)) - 1);
  }
  static_assert(kPlaces * sizeof(std::uint64_t) < 9u << 10);

  std::array<std::atomic<std::uint64_t>, kPlaces> counts_{};
};

}  // namespace shunt::host
