#pragma once
/// How many calls that failed may be tried again: a share of those that were made, so that retries cannot make a
/// failure worse than it is. Thread-safe; asked after a failure alone, and nothing on the way of a call that succeeds.
///
///     if (budget.take(route.counters.sent)) try_again();
///
/// A token bucket that fills with calls instead of time, as Finagle's RetryBudget does: of n calls at most
/// n * share / 1000 + reserve are tried again, however many fail.

#include <shunt/bus/spin.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace shunt::host {

class RetryBudget {
 public:
  /// `share` of 1,000 calls may be tried again, and `reserve` more at once: what a route with few calls lives on.
  RetryBudget(std::uint32_t share, std::uint32_t reserve) noexcept
      : share_(share), reserve_(std::uint64_t{reserve} * kRetry), thousandths_(reserve_) {}

  /// True: one call may be tried again, and is counted. `calls` are those that were ever made, without what was tried
  /// again; a caller may be a few behind another one.
  [[nodiscard]] bool take(std::uint64_t calls) noexcept {
    const std::lock_guard lock{lock_};
    if (calls > seen_) {
      // Beyond the reserve it is full, whatever came; and a product of two large numbers is none.
      const std::uint64_t missing = reserve_ - thousandths_;
      const std::uint64_t came = calls - seen_;
      thousandths_ += share_ == 0 || came <= missing / share_ ? came * share_ : missing;
      seen_ = calls;
    }
    if (thousandths_ < kRetry) {
      ++refused_;
      return false;
    }
    thousandths_ -= kRetry;
    ++taken_;
    return true;
  }

  struct Counts {
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;  ///< Calls that failed and were not tried again for want of budget.
  };
  [[nodiscard]] Counts counts() noexcept {
    const std::lock_guard lock{lock_};
    return {taken_, refused_};
  }

 private:
  static constexpr std::uint64_t kRetry = 1000;

  bus::SpinLock lock_;
  const std::uint64_t share_;
  const std::uint64_t reserve_;
  std::uint64_t thousandths_;  // of a retry; reserve_ at most
  std::uint64_t seen_ = 0;     // calls
  std::uint64_t taken_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace shunt::host
