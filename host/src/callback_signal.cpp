#include "callback_signal.hpp"

#include <shunt/bus/doorbell.hpp>

#include <system_error>

#include <sys/eventfd.h>

namespace shunt::host {

Result<std::unique_ptr<CallbackSignal>> CallbackSignal::create(Hub& hub, std::function<bool()> is_due) {
  bus::UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) return system_error("creating the eventfd for callbacks");
  std::unique_ptr<CallbackSignal> signal{new CallbackSignal(hub, std::move(is_due), std::move(event))};
  try {
    signal->watcher_ = std::thread([watched = signal.get()] { watched->watch(); });
  } catch (const std::system_error& problem) {
    return error(ErrorCode::System, "no thread to watch for callbacks: {}: raise `ulimit -u`", problem.what());
  }
  return signal;
}

CallbackSignal::~CallbackSignal() {
  {
    const std::lock_guard lock{mutex_};
    stopping_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_one();
  hub_.wake();
  if (watcher_.joinable()) watcher_.join();
}

void CallbackSignal::polled(bool ran_any) {
  if (is_due_()) raise();  // more than one poll() runs, or put aside while another thread ran that callback
  else if (!ran_any && raised_.load(std::memory_order_relaxed)) clear();
}

void CallbackSignal::watch() {
  while (rest()) {
    hub_.drain();
    hub_.give_up_expired();
    if (is_due_()) raise();
    else hub_.sleep(bus::kSleepMax, [this] { return stopping_.load(std::memory_order_relaxed) || is_due_(); });
  }
}

/// While the descriptor can be read, those who poll drain. False: this ends.
bool CallbackSignal::rest() {
  std::unique_lock lock{mutex_};
  changed_.wait(
      lock, [this] { return !raised_.load(std::memory_order_relaxed) || stopping_.load(std::memory_order_relaxed); });
  return !stopping_.load(std::memory_order_relaxed);
}

void CallbackSignal::raise() {
  const std::lock_guard lock{mutex_};
  if (!raised_.exchange(true, std::memory_order_relaxed)) ::eventfd_write(event_.get(), 1);
}

void CallbackSignal::clear() {
  {
    const std::lock_guard lock{mutex_};
    if (!raised_.exchange(false, std::memory_order_relaxed)) return;
    eventfd_t ignored;
    ::eventfd_read(event_.get(), &ignored);
  }
  changed_.notify_one();
}

}  // namespace shunt::host
