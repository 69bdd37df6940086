#pragma once
/// What becomes of the calls to one version on one route, for its breaker or a rollout: counters that only grow.
///
///     sent -> answered                   it answered
///          -> failed                     it answered with an error of its own, died, or let the deadline pass
///          -> slow (-> whatever it is)   it was in flight for longer than a call should be: counted then, and once
///          -> let go                     cancelled by its caller, that one's own fault, or given to another version
///
/// Single-writer: all of it is written under the in-flight table's lock, which a call takes anyhow. One line of cache
/// of its own; a call to a route that has neither touches none. How long calls take is kept while a rollout asks for
/// it: a look at the clock and a line more for each.

#include "latencies.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/schemas/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace shunt::host {

enum class Ending : std::uint8_t { Answered, Failed, LetGo };

/// What an answer says of the version that gave it. What is the caller's own fault says nothing. One that calls itself
/// cancelled, and was not, has seen its deadline pass.
[[nodiscard]] constexpr Ending ending_of(ErrorCode said) noexcept {
  switch (said) {
    case ErrorCode::BadInput:
    case ErrorCode::BadPayload:
    case ErrorCode::ValidationFailed: return Ending::LetGo;
    default: return Ending::Failed;
  }
}

class alignas(64) Outcomes {
 public:
  /// In flight for longer than `slow_after` is slow; 0: however long.
  explicit Outcomes(std::chrono::nanoseconds slow_after) noexcept : slow_after_ns_(slow_after.count()) {}

  // Under the table's lock.
  void begin() noexcept { add(sent_); }
  void become_slow() noexcept { add(slow_); }
  /// `slow`: it was counted as that. `sent_ns`: when it began.
  void end(Ending ending, bool slow, std::int64_t sent_ns) noexcept {
    // Acquire pairs with the release in measure().
    if (Latencies* const latencies = latencies_.load(std::memory_order_acquire);
        latencies != nullptr && ending == Ending::Answered) [[unlikely]]
      latencies->add(bus::now_ns() - sent_ns);
    if (!slow && ending == Ending::Answered) add(answered_);
    if (!slow && ending == Ending::Failed) add(failed_);
    add(ended_);
  }

  // Relaxed: who reads them acts on sums, and orders nothing by them.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t answered() const noexcept { return answered_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t slow() const noexcept { return slow_.load(std::memory_order_relaxed); }
  /// The end first: what ends between the two looks was sent before.
  [[nodiscard]] std::uint64_t in_flight() const noexcept {
    const std::uint64_t ended = ended_.load(std::memory_order_acquire);
    return sent() - ended;
  }

  /// Whether it keeps how long calls take, from now on. For one thread.
  void measure(bool on) {
    if (on && owned_ == nullptr) owned_ = std::make_unique<Latencies>();
    latencies_.store(on ? owned_.get() : nullptr, std::memory_order_release);
  }
  /// For the same thread: of those that were answered while it did. Null: it never did.
  [[nodiscard]] const Latencies* latencies() const noexcept { return owned_.get(); }

  [[nodiscard]] bool is_slow(std::int64_t age_ns) const noexcept {
    return slow_after_ns_ != 0 && age_ns >= slow_after_ns_;
  }

 private:
  static void add(std::atomic<std::uint64_t>& counter) noexcept {
    // Release pairs with the acquire in in_flight().
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> slow_{0};
  std::int64_t slow_after_ns_;
  std::atomic<Latencies*> latencies_{nullptr};
  std::unique_ptr<Latencies> owned_;  // kept once there was one: who ends a call may be about to write to it
};
static_assert(sizeof(Outcomes) == 64);

}  // namespace shunt::host
