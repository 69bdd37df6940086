#pragma once
/// The control loop's one thread: descriptors, timers and posted work under epoll. Idle, it wakes zero times a second.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace shunt::host {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Work = std::function<void()>;
  using TimerId = std::uint64_t;

  /// Errors: System.
  [[nodiscard]] static Result<std::unique_ptr<EventLoop>> create();
  ~EventLoop();

  /// Starts the thread. Ends with stop(), which runs no work that is posted later. Errors: System (no thread).
  [[nodiscard]] Status start();
  void stop();

  /// Runs `work` on the loop's thread, soon. From any thread. False: the loop has ended, and will not run it.
  bool post(Work work);
  /// Whether start() was called and stop() was not.
  [[nodiscard]] bool is_running() const noexcept { return thread_.joinable(); }
  [[nodiscard]] bool on_loop_thread() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

  // The rest is for the loop's own thread.

  /// Calls `ready` whenever `fd` can be read or is closed by its peer, until unwatch(fd). The caller keeps `fd` open.
  /// Errors: System (the kernel has no memory for one more); then nothing is watched.
  [[nodiscard]] Status watch(int fd, Work ready);
  void unwatch(int fd) noexcept;
  enum class Interest : std::uint8_t { Read, Write, Nothing };
  /// What `ready` of a watched `fd` is called for from now on; also, always, for an error or when its peer is gone.
  void want(int fd, Interest interest) noexcept;
  TimerId at(Clock::time_point when, Work work);
  TimerId after(std::chrono::nanoseconds delay, Work work) { return at(Clock::now() + delay, std::move(work)); }
  void cancel(TimerId timer) noexcept;

 private:
  EventLoop(bus::UniqueFd epoll, bus::UniqueFd event) : epoll_(std::move(epoll)), event_(std::move(event)) {}
  void run();
  void run_posted();
  void run_timers();
  [[nodiscard]] int timeout_ms() const;

  bus::UniqueFd epoll_;
  bus::UniqueFd event_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<Work> posted_;  // under mutex_
  std::vector<Work> work_;    // what was posted and runs now; swapped, so that posting seldom asks the heap
  bool stopping_ = false;     // under mutex_
  std::map<int, std::shared_ptr<Work>> watched_;
  std::map<std::pair<Clock::time_point, TimerId>, Work> timers_;
  decltype(timers_)::node_type spare_;  // of the timer that ran last, so that a tick asks the heap for nothing
  TimerId last_timer_ = 0;
};

}  // namespace shunt::host
