#pragma once
/// Counts the handles that there are to a route: a new build of a plugin is refused that lacks a function which
/// somebody may call. A part of RouteHandle.

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace shunt::host {

/// Any thread. Copying costs an addition to a line that all handles of the route share: not for each message.
class RouteUse {
 public:
  /// `handles` keeps what it is in: assigning one over the last handle to another host ends that one's route.
  explicit RouteUse(std::shared_ptr<std::atomic<std::uint32_t>> handles) noexcept : handles_(std::move(handles)) {
    take();
  }
  RouteUse(const RouteUse& other) noexcept : handles_(other.handles_) { take(); }
  RouteUse(RouteUse&& other) noexcept : handles_(std::move(other.handles_)) {}
  RouteUse& operator=(RouteUse other) noexcept {
    std::swap(handles_, other.handles_);
    return *this;
  }
  ~RouteUse() {
    if (handles_ != nullptr) handles_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  /// Relaxed: the number is looked at, and nothing follows from it that another thread has to see.
  void take() noexcept {
    if (handles_ != nullptr) handles_->fetch_add(1, std::memory_order_relaxed);
  }

  std::shared_ptr<std::atomic<std::uint32_t>> handles_;
};

}  // namespace shunt::host
