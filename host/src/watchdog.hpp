#pragma once
/// Whether an instance is stuck: judged by what it was sent and what came of it, never by what it says of itself.

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
  static constexpr std::chrono::milliseconds kGrace{200};  ///< Past a call's deadline, for the plugin to notice.

  struct Limits {
    std::chrono::nanoseconds handler_max{};
    std::chrono::nanoseconds hold_max{};
  };
  enum class Verdict : std::uint8_t { Fine, Watching, Stuck };
  struct Finding {
    Verdict verdict = Verdict::Watching;
    std::string reason;
  };

  /// Fine: it has nothing to do and was sent nothing for a while; it need not be looked at before its next message.
  Finding look(Instance& instance, const Limits& limits, std::int64_t now_ns, TimePoint now) {
    instance.harvest();  // what it has returned it does not hold any more, though nothing was sent to it since
    const Instance::Progress progress = instance.progress();
    const bool first = sent_since_ == TimePoint{};
    if (first || progress.sent != seen_.sent) sent_since_ = now;
    if (first || progress.done != seen_.done || seen_.done == seen_.sent) idle_since_ = now;
    const bool at_cap = progress.held_chunks > 0 && instance.at_cap.load(std::memory_order_relaxed);
    if (!std::exchange(was_at_cap_, at_cap) || progress.returned_chunks != seen_.returned_chunks) held_since_ = now;
    seen_ = progress;
    const auto idle = now - idle_since_;
    if (progress.done < progress.sent && idle >= limits.handler_max)
      return {Verdict::Stuck, "work waits for it and it has finished none within handler_max"};
    if (progress.deadline_ns && idle >= kGrace && *progress.deadline_ns < now_ns - to_ns(kGrace))
      return {Verdict::Stuck, "its handler is stuck past the deadline of a call"};
    if (at_cap && now - held_since_ >= limits.hold_max)
      return {Verdict::Stuck, "it holds as many chunks as it may and returned none within hold_max"};
    if (progress.done == progress.sent && !at_cap && now - sent_since_ >= kQuiet) return {Verdict::Fine, {}};
    return {Verdict::Watching, {}};
  }

  /// Whether it is time to look for requests without an answer: that look visits every request of the host.
  bool answers_due(TimePoint now) {
    if (now - answers_looked_at_ < kGrace) return false;
    answers_looked_at_ = now;
    return true;
  }

  /// A request to it whose handler is done and whose deadline is long past, and which is in flight all the same; 0:
  /// none. Its answer was sent before the mark, if ever: once replies were drained after this look, there will be none.
  static std::uint64_t unanswered(Instance& instance, InFlightTable& in_flight, std::int64_t now_ns) {
    return instance.with_sender([&](bus::LaneSender& sender) {
      const auto& ring = sender.ring_out(bus::Ring::Data);
      const std::uint64_t oldest = ring.sent() > ring.slots() ? ring.sent() - ring.slots() : 0;
      const std::uint64_t done = std::max(sender.marks(bus::Ring::Data).done, oldest);
      const auto waits = [&](std::uint64_t correlation) {
        for (std::uint64_t position = done; position < ring.sent(); ++position)
          if (ring.slot(position).header.correlation == correlation) return true;
        return false;
      };
      std::uint64_t found = 0;
      in_flight.for_each([&](const InFlight& record) {
        if (found == 0 && record.target == &instance && record.deadline_ns < now_ns - to_ns(kGrace) &&
            !waits(record.correlation))
          found = record.correlation;
        return false;
      });
      return found;
    });
  }

 private:
  static std::int64_t to_ns(std::chrono::nanoseconds duration) { return duration.count(); }

  Instance::Progress seen_;
  TimePoint sent_since_{};  // since when nothing was sent
  TimePoint idle_since_{};  // since when nothing was done, though there was something to do
  TimePoint held_since_{};  // since when no chunk came back, though it was at its cap
  bool was_at_cap_ = false;
  TimePoint answers_looked_at_{};
};

}  // namespace shunt::host
