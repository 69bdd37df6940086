#pragma once
/// A thread for what may take long, such as files: the control loop hands it work, and is handed what came of it. It
/// starts with the first work.

#include "event_loop.hpp"

#include <memory>

namespace shunt::host {

class SlowThread {
 public:
  /// For the control loop's thread. False: no thread can be had, or it has been stopped.
  bool post(EventLoop::Work work) {
    if (thread_ == nullptr && !is_stopped_) {
      auto made = EventLoop::create();
      if (!made || !(*made)->start()) return false;
      thread_ = *std::move(made);
    }
    return thread_ != nullptr && thread_->post(std::move(work));
  }
  /// Once the control loop has ended: runs what was posted, and no more after that.
  void stop() {
    is_stopped_ = true;
    if (thread_ != nullptr) thread_->stop();
  }

 private:
  std::unique_ptr<EventLoop> thread_;
  bool is_stopped_ = false;
};

}  // namespace shunt::host
