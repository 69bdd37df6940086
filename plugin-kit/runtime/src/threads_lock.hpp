#pragma once
/// The one lock between threads of a plugin that use its lane: of this process alone. Until two of them may, it costs a
/// look at a word.
///
///     ThreadsLock::Hold hold{lock};
///     ...
///     hold.give_way([] { nap(); });     // what was read before may have changed

#include <atomic>
#include <mutex>
#include <utility>

namespace shunt::kit {

class ThreadsLock {
 public:
  /// From now on there is more than one. By the only thread that used the lane so far, which holds nothing; how others
  /// hear of it is what lets them use the lane.
  void share() noexcept { shared_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool shared() const noexcept { return shared_.load(std::memory_order_relaxed); }

  /// Not recursive.
  class Hold {
   public:
    explicit Hold(ThreadsLock& lock) noexcept : mutex_(lock.shared() ? &lock.mutex_ : nullptr) {
      if (mutex_ != nullptr) [[unlikely]]
        mutex_->lock();
    }
    ~Hold() {
      if (mutex_ != nullptr) [[unlikely]]
        mutex_->unlock();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    /// Lets the others use the lane while `pause()` runs.
    template <typename Pause>
    void give_way(Pause&& pause) noexcept {
      if (mutex_ != nullptr) mutex_->unlock();
      std::forward<Pause>(pause)();
      if (mutex_ != nullptr) mutex_->lock();
    }

   private:
    std::mutex* mutex_;
  };

 private:
  std::atomic<bool> shared_{false};
  std::mutex mutex_;
};

}  // namespace shunt::kit
