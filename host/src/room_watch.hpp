#pragma once
/// One callback that waits until a route has room.

#include "route_info.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace shunt::host {

class RoomWatch {
 public:
  RoomWatch(const RouteInfo& watched, std::function<void()> on_room) : route(watched), callback_(std::move(on_room)) {}

  const RouteInfo& route;

  /// Once; what it throws comes through. Not after close().
  void run() {
    const std::lock_guard running{running_};
    runs_on_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    const End end{*this};
    const std::function<void()> callback = std::exchange(callback_, nullptr);
    if (callback) callback();
  }

  /// It does not start after this, and one that runs on another thread has ended. The callback goes on this thread, or
  /// where it runs.
  void close() noexcept {
    if (runs_on_.load(std::memory_order_relaxed) == std::this_thread::get_id()) return;  // it is taken: it runs once
    std::function<void()> last;
    const std::lock_guard running{running_};
    last = std::exchange(callback_, nullptr);
    done_.store(true, std::memory_order_relaxed);
  }

  [[nodiscard]] bool waits() const noexcept { return !done_.load(std::memory_order_relaxed); }

 private:
  struct End {
    RoomWatch& watch;
    ~End() {
      watch.done_.store(true, std::memory_order_relaxed);
      watch.runs_on_.store(std::thread::id{}, std::memory_order_relaxed);
    }
  };

  std::mutex running_;
  std::function<void()> callback_;  // under running_
  std::atomic<std::thread::id> runs_on_{};
  std::atomic<bool> done_{false};
};

}  // namespace shunt::host
