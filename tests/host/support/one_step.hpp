#pragma once
/// Whether a change of several routes is seen as one step, from any number of threads and however they are scheduled:
/// once somebody has seen it, whoever begins to send sees it too, until the next change begins.
///
///     OneStep steps;                                       // everything is on
///     const auto before = steps.look();                    // in a thread that sends
///     steps.saw(before, reply.has_value());
///     steps.change([&] { return host.disable("actor"); });  // in the one thread that changes: off, on, off, ...

#include <atomic>
#include <cstdint>

namespace shunt::test {

class OneStep {
 public:
  /// The last change that is known to be in force; of changes, the odd ones turn off and the even ones on.
  [[nodiscard]] std::uint64_t look() const noexcept { return seen_.load(std::memory_order_acquire); }

  /// What a sender found that began after look() gave `before`.
  void saw(std::uint64_t before, bool on) noexcept {
    ++(on ? on_ : off_);
    const std::uint64_t begun = begun_.load(std::memory_order_acquire);
    if (begun == before && on != is_on(before)) ++half_;
    if (begun == before + 1 && on == is_on(begun)) raise(begun);
  }

  /// Makes the next change, and gives what it gave.
  template <typename Change>
  auto change(Change&& change) {
    const std::uint64_t number = begun_.fetch_add(1, std::memory_order_acq_rel) + 1;
    auto result = change();
    raise(number);
    return result;
  }

  /// Senders that found a change undone that somebody had seen done.
  [[nodiscard]] std::uint64_t half() const noexcept { return half_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t on() const noexcept { return on_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t off() const noexcept { return off_.load(std::memory_order_relaxed); }

 private:
  static constexpr bool is_on(std::uint64_t change) noexcept { return change % 2 == 0; }
  /// Release pairs with the acquire in look(): who sees the number begins after what it was seen by.
  void raise(std::uint64_t number) noexcept {
    std::uint64_t known = seen_.load(std::memory_order_relaxed);
    while (known < number && !seen_.compare_exchange_weak(known, number, std::memory_order_acq_rel)) {
    }
  }

  std::atomic<std::uint64_t> begun_{0};
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<std::uint64_t> half_{0};
  std::atomic<std::uint64_t> on_{0};
  std::atomic<std::uint64_t> off_{0};
};

}  // namespace shunt::test
