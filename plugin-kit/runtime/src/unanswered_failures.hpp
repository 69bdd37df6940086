#pragma once
/// What handlers threw or returned with nobody to tell, as those of topics and timers do, until the host is told.

#include <shunt/schemas/control_generated.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace shunt::kit {

/// Of serving threads, under their lock. Allocates only where it writes a report.
class UnansweredFailures {
 public:
  static constexpr std::size_t kTextBytesMax = 1024;
  static constexpr std::size_t kFramesMax = 16;

  /// Keeps the last, cut to fit. How many there have been with it.
  std::uint64_t note(std::string_view text, std::span<const std::uint64_t> thrown) noexcept {
    text_bytes_ = std::min(text.size(), text_.size());
    std::copy_n(text.begin(), text_bytes_, text_.begin());
    frame_count_ = std::min(thrown.size(), frames_.size());
    std::copy_n(thrown.begin(), frame_count_, frames_.begin());
    return ++count_;
  }

  /// Whether something was noted since the last report().
  [[nodiscard]] bool changed() const noexcept { return count_ != reported_; }

  [[nodiscard]] control::FailuresT report() {
    control::FailuresT report;
    report.count = count_;
    report.text.assign(text_.data(), text_bytes_);
    report.thrown.assign(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(frame_count_));
    reported_ = count_;
    return report;
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t reported_ = 0;
  std::size_t text_bytes_ = 0;
  std::size_t frame_count_ = 0;
  std::array<char, kTextBytesMax> text_{};
  std::array<std::uint64_t, kFramesMax> frames_{};
};

}  // namespace shunt::kit
