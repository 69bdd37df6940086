#pragma once
/// Whether a suspected instance is stuck: judged by what it was sent and what came of it, never by what it says of
/// itself.

#include "in_flight.hpp"
#include "instance.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace shunt::host {

class Watchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kTick{50};    ///< While something is suspected; else it does not run.
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

  /// Looks at one suspected instance. Fine: it has nothing to do or keeps doing it; forget the suspicion.
  Finding look(Instance& instance, const Limits& limits, InFlightTable& in_flight, std::int64_t now_ns, TimePoint now) {
    instance.harvest();  // what it has returned it does not hold any more, though nothing was sent to it since
    const Instance::Progress progress = instance.progress();
    Seen& seen = seen_[&instance];
    if (seen.since == TimePoint{} || progress.done != seen.done) seen.since = now, seen.done = progress.done;
    if (seen.held_since == TimePoint{} || progress.held_chunks < seen.held) seen.held_since = now;
    seen.held = progress.held_chunks;
    if (progress.done == progress.sent && progress.held_chunks == 0) {
      seen_.erase(&instance);
      return {Verdict::Fine, {}};
    }
    const auto idle = now - seen.since;
    if (progress.done < progress.sent && idle >= limits.handler_max)
      return {Verdict::Stuck, "work waits for it and it has finished none within handler_max"};
    if (idle >= kGrace && progress.begun > progress.done &&
        oldest_deadline(instance, in_flight) + to_ns(kGrace) < now_ns)
      return {Verdict::Stuck, "its handler is stuck past the deadline of a call"};
    if (progress.held_chunks > 0 && now - seen.held_since >= limits.hold_max &&
        instance.at_cap.load(std::memory_order_relaxed))
      return {Verdict::Stuck, "it holds as many chunks as it may and returned none within hold_max"};
    return {Verdict::Watching, {}};
  }

  void forget(const Instance& instance) { seen_.erase(&instance); }

 private:
  struct Seen {
    std::uint64_t done = 0;
    TimePoint since{};
    std::uint32_t held = 0;
    TimePoint held_since{};
  };
  static std::int64_t to_ns(std::chrono::nanoseconds duration) { return duration.count(); }
  static std::int64_t oldest_deadline(const Instance& instance, InFlightTable& in_flight) {
    std::int64_t oldest = INT64_MAX / 2;
    in_flight.for_each([&](InFlight& record) {
      if (record.target == &instance) oldest = std::min(oldest, record.deadline_ns);
      return false;
    });
    return oldest;
  }

  std::map<const Instance*, Seen> seen_;
};

}  // namespace shunt::host
