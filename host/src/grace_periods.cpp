#include "grace_periods.hpp"

#include "rcu.hpp"

#include <system_error>
#include <utility>

namespace shunt::host {

GracePeriods::~GracePeriods() {
  wait();
  {
    const std::lock_guard lock{mutex_};
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool GracePeriods::start() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void GracePeriods::after(std::function<void()> work) {
  note_read_ends();  // what the caller did comes before the work, too
  {
    const std::lock_guard lock{mutex_};
    if (start()) {
      waiting_.push_back(std::move(work));
      ++handed_;
      return changed_.notify_all();
    }
  }
  ::urcu_bp_synchronize_rcu();
  note_readers_are_through();
  work();
}

void GracePeriods::wait() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this, before = handed_] { return done_ >= before; });
}

void GracePeriods::run() {
  std::vector<std::function<void()>> work;
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      work.swap(waiting_);
    }
    ::urcu_bp_synchronize_rcu();
    note_readers_are_through();
    for (auto& each : work) std::exchange(each, {})();
    const std::lock_guard lock{mutex_};
    done_ += work.size();
    work.clear();
    changed_.notify_all();
  }
}

}  // namespace shunt::host
