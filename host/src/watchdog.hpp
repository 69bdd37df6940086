#pragma once
/// Whether an instance is stuck: judged by what it was sent and what came of it, never by what it says of itself.
///
/// A call has an owner who waits, so it is judged by the host's own records alone: who is to answer one, and has not
/// `grace` after its deadline, is stuck, whatever marks it sets and whatever else it sends. Its turn comes when no call
/// that stands before it in the ring is in flight. A publication has no answer: who marks it done is believed, because
/// nobody can tell, and because a call behind it is judged as above. What the marks can do for a plugin is little:
/// while they say that something before the call is not done, or that the call's answer is deferred and another handler
/// runs, it has `handler_max` instead of the grace. Likewise who says that an answer is deferred is believed until the
/// call is overdue, and who says that a message waits until it keeps half of the ring so.

#include "in_flight.hpp"
#include "instance.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace shunt::host {

/// One instance's. On the control loop's thread.
class Watchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kTick{50};    ///< While something was sent lately; else it does not run.
  static constexpr std::chrono::milliseconds kQuiet{500};  ///< Nothing sent for so long: it is not looked at.

  struct Limits {
    std::chrono::nanoseconds grace{};  ///< Past a call's deadline.
    std::chrono::nanoseconds handler_max{};
    std::chrono::nanoseconds hold_max{};
  };
  enum class Verdict : std::uint8_t { Fine, Watching, Unanswered, Stuck };
  struct Finding {
    Verdict verdict = Verdict::Watching;
    std::string reason{};
  };

  /// `next`: the request that it has to answer next; null: none is in flight. Fine: it has nothing to do and was sent
  /// nothing for a while; it need not be looked at before its next message. Unanswered: it is stuck if `next` is still
  /// in flight once its replies were drained.
  Finding look(Instance& instance, const Limits& limits, const InFlight* next, std::int64_t now_ns, TimePoint now) {
    instance.harvest();  // what it has returned it does not hold any more, though nothing was sent to it since
    const Instance::Progress progress = instance.progress();
    const bool first = sent_since_ == TimePoint{};
    if (first || progress.all_sent() != seen_.all_sent()) sent_since_ = now;
    if (first || progress.all_left() != seen_.all_left() || seen_.all_work() == 0) idle_since_ = now;
    const bool at_cap = progress.held_chunks > 0 && instance.at_cap.load(std::memory_order_relaxed);
    if (!std::exchange(was_at_cap_, at_cap) || progress.returned_chunks != seen_.returned_chunks) held_since_ = now;
    seen_ = progress;
    const std::uint64_t overdue = next != nullptr && next->deadline_ns < now_ns ? next->correlation : 0;
    if (std::exchange(overdue_, overdue) != overdue) overdue_since_ = now;

    if (progress.all_work() > 0 && now - idle_since_ >= limits.handler_max)
      return {Verdict::Stuck, "work waits for it and it has finished none within handler_max"};
    if (at_cap && now - held_since_ >= limits.hold_max)
      return {Verdict::Stuck, "it holds as many chunks as it may and returned none within hold_max"};
    if (overdue != 0 && now - overdue_since_ >= patience(limits, *next))
      return {Verdict::Unanswered, account(*next, now_ns)};
    if (progress.all_freed() == progress.all_sent() && !at_cap && now - sent_since_ >= kQuiet) return {Verdict::Fine};
    return {Verdict::Watching};
  }

 private:
  [[nodiscard]] std::chrono::nanoseconds patience(const Limits& limits, const InFlight& next) const {
    const bool something_first = seen_.done < next.position || (seen_.first_deferred && seen_.all_work() > 0);
    return something_first ? std::max(limits.grace, limits.handler_max) : limits.grace;
  }

  /// The marks are good enough to say where it stands.
  [[nodiscard]] std::string account(const InFlight& next, std::int64_t now_ns) const {
    const auto late = fmt::format(
        "past the deadline of a call of \"{}\", by {} ms", next.route->name,
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{now_ns - next.deadline_ns})
            .count());
    if (seen_.done > next.position) return fmt::format("it says that it is done and sent no answer, {}", late);
    if (seen_.done == next.position && seen_.first_deferred)
      return fmt::format("it deferred an answer and sent none, {}", late);
    if (seen_.done == next.position) return fmt::format("its handler is stuck {}", late);
    return fmt::format("it does not finish what it was sent before, {}", late);
  }

  Instance::Progress seen_;
  TimePoint sent_since_{};  // since when nothing was sent
  TimePoint idle_since_{};  // since when nothing was done, though there was something to do
  TimePoint held_since_{};  // since when no chunk came back, though it was at its cap
  bool was_at_cap_ = false;
  std::uint64_t overdue_ = 0;  // correlation of what it has to answer next, past its deadline; 0: nothing is
  TimePoint overdue_since_{};  // since when it is that one
};

}  // namespace shunt::host
