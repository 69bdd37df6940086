#pragma once
/// What waits until nobody reads an earlier route table any more: on a thread of its own, which sleeps while there is
/// nothing.
///
///     graces.after([old] { delete old; });
///
/// liburcu's call_rcu() does the same, and looks every 10 ms: a switch would wait for that.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shunt::host {

class GracePeriods {
 public:
  GracePeriods() = default;
  /// Blocks until all work has run.
  ~GracePeriods();
  GracePeriods(const GracePeriods&) = delete;
  GracePeriods& operator=(const GracePeriods&) = delete;

  /// Runs `work` once nobody is in a read section that began before. From any thread that is in none. Must not block,
  /// and not wait for this. Where the machine has no thread for it, it runs here, and the caller waits.
  void after(std::function<void()> work);
  /// Blocks until what was handed over before has run.
  void wait();

 private:
  void run();
  bool start();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> waiting_;  // under mutex_
  std::uint64_t handed_ = 0;                    // under mutex_: ever
  std::uint64_t done_ = 0;                      // under mutex_: ever
  bool ends_ = false;                           // under mutex_
  std::thread thread_;                          // under mutex_: once there was work
};

}  // namespace shunt::host
