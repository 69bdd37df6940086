#pragma once
/// What happened to plugins and routes, for people and tools: the last thousand events, in memory.

#include <shunt/host/event.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace shunt::host {

class EventLog {
 public:
  static constexpr std::size_t kEventsMax = 1000;

  void add(HostEvent event) {
    event.at = std::chrono::system_clock::now();
    {
      const std::lock_guard lock{mutex_};
      event.number = ++last_;
      events_.push_back(std::move(event));
      if (events_.size() > kEventsMax) events_.pop_front();
    }
    added_.notify_all();
  }

  /// Those after number `seen`, oldest first. Thread-safe.
  [[nodiscard]] std::vector<HostEvent> after(std::uint64_t seen) const {
    const std::lock_guard lock{mutex_};
    return after_locked(seen);
  }

  /// The number of the last one; 0: there was none. Thread-safe.
  [[nodiscard]] std::uint64_t last() const {
    const std::lock_guard lock{mutex_};
    return last_;
  }

  /// The same as after(), once there are any; none when asked to stop first.
  [[nodiscard]] std::vector<HostEvent> wait_after(std::uint64_t seen, const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    added_.wait(lock, stop, [&] { return last_ > seen; });
    return after_locked(seen);
  }

 private:
  [[nodiscard]] std::vector<HostEvent> after_locked(std::uint64_t seen) const {
    std::vector<HostEvent> result;
    for (const HostEvent& event : events_)
      if (event.number > seen) result.push_back(event);
    return result;
  }

  mutable std::mutex mutex_;
  std::condition_variable_any added_;
  std::deque<HostEvent> events_;
  std::uint64_t last_ = 0;
};

}  // namespace shunt::host
