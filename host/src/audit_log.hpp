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

  struct Put {
    bool is_new = false;
    std::uint64_t more = 0;  ///< Denials that were not there before.
  };
  /// A record replaces the one of the same instance, phase and call.
  Put put(AuditRecord record) {
    const std::lock_guard lock{mutex_};
    const auto same = std::ranges::find_if(records_, [&](const AuditRecord& each) {
      return each.instance == record.instance && each.phase == record.phase && each.call == record.call;
    });
    if (same != records_.end()) {
      const std::uint64_t before = same->count;
      *same = std::move(record);
      return {.more = same->count > before ? same->count - before : 0};
    }
    records_.push_back(std::move(record));
    const Put put{.is_new = true, .more = records_.back().count};
    if (records_.size() > kRecordsMax) records_.pop_front();
    return put;
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
