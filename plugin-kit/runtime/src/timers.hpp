#pragma once
/// The timers of one plugin: when each is due, on the plugin's clock, and what runs then. Drives no clock itself.
///
///     timers.start(how, clock.now_ns(), id);
///     while (timers.fire_next(now_ns, [&](const auto& timer, const auto& tick) { ... })) {
///     }

#include <shunt/plugin.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace shunt::kit {

/// Any thread; one at a time fires. Allocates when a timer is started, and at no other time. Nothing of the plugin's
/// runs under its lock.
class Timers {
 public:
  static constexpr std::size_t kMax = 1024;

  struct Timer {
    std::int64_t period_ns = 0;  ///< 0: once.
    void (*fire)(void* data, const shunt_message*, const shunt_tick*) = nullptr;
    void (*release)(void* data) = nullptr;  ///< May be null.
    void* data = nullptr;
  };

  Timers() = default;
  ~Timers() { end_all(); }
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// False: there are as many as there may be, and nothing was released. `how` was checked. Throws bad_alloc.
  bool start(const shunt_timer& how, std::int64_t now_ns, std::uint64_t& id);
  /// Any id. It is released now, or when its handler returns that runs now, on this thread or another.
  void cancel(std::uint64_t id) noexcept;
  void end_all() noexcept;

  /// INT64_MAX: never. Relaxed: whoever starts one tells whom it concerns.
  [[nodiscard]] std::int64_t next_due_ns() const noexcept { return next_due_ns_.load(std::memory_order_relaxed); }

  /// Runs `fire(timer, tick)` for the one that is due first, if it is by `now_ns`; at one moment the older first. It is
  /// due again at the first of its periods after `now_ns`: those between are missed. Whether one was due.
  template <typename Fire>
  bool fire_next(std::int64_t now_ns, const Fire& fire) {
    shunt_tick tick{};
    Timer timer;
    if (!take_next(now_ns, timer, tick)) return false;
    fire(timer, tick);
    done(timer);
    return true;
  }

 private:
  using Key = std::pair<std::int64_t, std::uint64_t>;  // when it is due, and which it is

  bool take_next(std::int64_t now_ns, Timer& timer, shunt_tick& tick) noexcept;
  void done(const Timer& timer) noexcept;
  static void release(const Timer& timer) noexcept {
    if (timer.release != nullptr) timer.release(timer.data);
  }

  void note_next() noexcept {
    next_due_ns_.store(due_.empty() ? INT64_MAX : due_.begin()->first.first, std::memory_order_relaxed);
  }

  std::mutex mutex_;  // of all but the next
  std::atomic<std::int64_t> next_due_ns_{INT64_MAX};
  std::map<Key, Timer> due_;
  std::uint64_t last_id_ = 0;
  std::uint64_t firing_ = 0;  // whose handler runs; 0: none
  bool ends_ = false;         // it is to be released after that
};

}  // namespace shunt::kit
