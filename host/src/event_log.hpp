#pragma once
/// What happened to plugins and routes, for people and tools: the last thousand events, in memory.

#include <shunt/host/event.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace shunt::host {

class EventLog {
 public:
  static constexpr std::size_t kEventsMax = 1000;

  void add(HostEvent event) {
    event.at = std::chrono::system_clock::now();
    const std::lock_guard lock{mutex_};
    event.number = ++last_;
    events_.push_back(std::move(event));
    if (events_.size() > kEventsMax) events_.pop_front();
  }

  /// Those after number `seen`, oldest first. Thread-safe.
  [[nodiscard]] std::vector<HostEvent> after(std::uint64_t seen) const {
    const std::lock_guard lock{mutex_};
    std::vector<HostEvent> result;
    for (const HostEvent& event : events_)
      if (event.number > seen) result.push_back(event);
    return result;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<HostEvent> events_;
  std::uint64_t last_ = 0;
};

}  // namespace shunt::host
