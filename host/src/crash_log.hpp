#pragma once
/// How plugins ended last: one report of each plugin, in memory.

#include <shunt/host/crash.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace shunt::host {

class CrashLog {
 public:
  static constexpr std::size_t kReportsMax = 100;  ///< Of so many plugins; the oldest leaves.

  /// Takes the place of what there is of the same plugin.
  void put(std::shared_ptr<const CrashReport> report) {
    const std::lock_guard lock{mutex_};
    std::erase_if(reports_, [&](const auto& each) { return each->plugin == report->plugin; });
    reports_.push_back(std::move(report));
    if (reports_.size() > kReportsMax) reports_.pop_front();
  }

  /// Oldest first. Thread-safe.
  [[nodiscard]] std::vector<std::shared_ptr<const CrashReport>> all() const {
    const std::lock_guard lock{mutex_};
    return {reports_.begin(), reports_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const CrashReport>> reports_;
};

}  // namespace shunt::host
