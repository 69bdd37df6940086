#pragma once
/// What plugins were denied, as their wardens count it: the last thousand records, in memory.

#include <shunt/host/event.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace shunt::host {

class AuditLog {
 public:
  static constexpr std::size_t kRecordsMax = 1000;

  /// A record replaces the one of the same instance, phase and call. Whether there was none.
  bool put(AuditRecord record) {
    const std::lock_guard lock{mutex_};
    const auto same = std::ranges::find_if(records_, [&](const AuditRecord& each) {
      return each.instance == record.instance && each.phase == record.phase && each.call == record.call;
    });
    if (same != records_.end()) {
      *same = std::move(record);
      return false;
    }
    records_.push_back(std::move(record));
    if (records_.size() > kRecordsMax) records_.pop_front();
    return true;
  }

  /// Calls that an instance was denied, as far as records of it are kept. Thread-safe.
  [[nodiscard]] std::uint64_t count_of(std::uint64_t instance) const {
    const std::lock_guard lock{mutex_};
    std::uint64_t count = 0;
    for (const AuditRecord& each : records_) count += each.instance == instance ? each.count : 0;
    return count;
  }

  /// Oldest first. Thread-safe.
  [[nodiscard]] std::vector<AuditRecord> all() const {
    const std::lock_guard lock{mutex_};
    return {records_.begin(), records_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<AuditRecord> records_;
};

}  // namespace shunt::host
