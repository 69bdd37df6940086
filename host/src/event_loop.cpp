#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace shunt::host {

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  bus::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  if (!epoll) return system_error("creating the control loop's epoll");
  bus::UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) return system_error("creating the control loop's eventfd");
  epoll_event interest{.events = EPOLLIN, .data = {.fd = event.get()}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.get(), &interest) != 0) return system_error("watching the eventfd");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(event)));
}

EventLoop::~EventLoop() { stop(); }

Status EventLoop::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& problem) {
    return error(ErrorCode::System, "no thread for the host: {}: raise `ulimit -u`", problem.what());
  }
  return {};
}

void EventLoop::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  ::eventfd_write(event_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

bool EventLoop::post(Work work) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return false;  // kept, it could hold what holds this loop
    posted_.push_back(std::move(work));
  }
  ::eventfd_write(event_.get(), 1);
  return true;
}

Status EventLoop::watch(int fd, Work ready) {
  epoll_event interest{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) != 0) return system_error("watching a descriptor");
  watched_[fd] = std::make_shared<Work>(std::move(ready));
  return {};
}

void EventLoop::unwatch(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  watched_.erase(fd);
}

void EventLoop::want(int fd, Interest interest) noexcept {
  epoll_event wanted{.events = 0, .data = {.fd = fd}};
  if (interest == Interest::Read) wanted.events = EPOLLIN | EPOLLRDHUP;
  if (interest == Interest::Write) wanted.events = EPOLLOUT;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &wanted);
}

EventLoop::TimerId EventLoop::at(Clock::time_point when, Work work) {
  ++last_timer_;
  if (spare_.empty()) {
    timers_.emplace(std::pair{when, last_timer_}, std::move(work));
  } else {
    spare_.key() = {when, last_timer_};
    spare_.mapped() = std::move(work);
    timers_.insert(std::move(spare_));
  }
  return last_timer_;
}

void EventLoop::cancel(TimerId timer) noexcept {
  const auto found = std::ranges::find_if(timers_, [&](const auto& each) { return each.first.second == timer; });
  if (found != timers_.end()) timers_.erase(found);
}

int EventLoop::timeout_ms() const {
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - Clock::now();
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 60'000));
}

void EventLoop::run() {
  std::array<epoll_event, 32> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == event_.get()) {
        eventfd_t ignored;
        ::eventfd_read(fd, &ignored);
      } else if (const auto found = watched_.find(fd); found != watched_.end()) {
        const std::shared_ptr<Work> ready = found->second;  // it may unwatch itself
        (*ready)();
      }
    }
    run_posted();
    run_timers();
    const std::lock_guard lock{mutex_};
    if (stopping_ && posted_.empty()) return;
  }
}

void EventLoop::run_posted() {
  {
    const std::lock_guard lock{mutex_};
    work_.swap(posted_);
  }
  for (const Work& each : work_) each();
  work_.clear();
}

void EventLoop::run_timers() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    const Work work = std::exchange(node.mapped(), nullptr);
    spare_ = std::move(node);
    work();
  }
}

}  // namespace shunt::host
