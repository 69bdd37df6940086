/// Leading and following: of the threads that wait, one drains the lanes for all.

#include "hub.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>

namespace shunt::host {
namespace {

constexpr int kPassesPerClockRead = 64;

}  // namespace

void Hub::lock_drain() noexcept {
  if (drain_lock_.try_lock()) return;
  wanted_.fetch_add(1, std::memory_order_relaxed);
  wake();  // the leader may sleep
  drain_lock_.lock();
  wanted_.fetch_sub(1, std::memory_order_relaxed);
}

void Hub::unlock_drain() noexcept {
  drain_lock_.unlock();
  promote_follower();
}

void Hub::wake() noexcept {
  // seq_cst: a leader that read the old word has not slept yet, or is woken.
  wake_word_.fetch_add(1, std::memory_order_seq_cst);
  bus::detail::futex_wake(&wake_word_, 1);
}

bool Hub::drain() {
  if (!drain_lock_.try_lock()) return false;
  const DrainHold hold{*this, std::adopt_lock};
  return pass();
}

void Hub::sleep(std::chrono::nanoseconds timeout) {
  if (!drain_lock_.try_lock()) return;
  sleep_leading(timeout);
  unlock_drain();
}

void Hub::sleep_leading(std::chrono::nanoseconds timeout) {
  const std::uint32_t seen = wake_word_.load(std::memory_order_seq_cst);
  bus::sleep_until_any_rung(
      bells_, wake_word_, seen, std::min<std::chrono::nanoseconds>(timeout, bus::kSleepMax), [this] {
        return wanted_.load(std::memory_order_relaxed) > 0 || std::ranges::any_of(lanes_, [](const Lane& lane) {
                 bus::LaneReceiver& receiver = lane.instance->lane->receiver;
                 return !lane.stalled &&
                        (receiver.has_message(bus::Ring::Reply) || receiver.has_message(bus::Ring::Data));
               });
      });
}

bool Hub::wait(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode) {
  while (!pending.completed()) {
    if (drain_lock_.try_lock()) {
      {
        const DrainHold hold{*this, std::adopt_lock};
        leader_ = &pending;
        if (lead(pending, deadline_ns, mode)) return true;
      }
      while (wanted_.load(std::memory_order_relaxed) > 0) bus::spin_pause();  // let them have it
    } else {
      follow(pending, deadline_ns, mode);
    }
    if (!pending.completed() && bus::now_ns() >= deadline_ns) return false;
  }
  return true;
}

/// Drains until the reply is there, the deadline has passed, or somebody wants the lock.
bool Hub::lead(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode) {
  const int passes_before_sleep = mode == bus::Wait::Sleep ? 1 : bus::kSpinsBeforeSleep;
  for (int idle = 0, passes = 1;; ++passes) {
    // Whole at first, so that one who only calls leaves nobody's messages lying.
    const bool any = pass(passes > 1 ? &pending : nullptr);
    if (pending.completed()) return true;
    if (wanted_.load(std::memory_order_relaxed) > 0) return false;
    idle = any ? 0 : idle + 1;
    if (mode != bus::Wait::Spin && idle >= passes_before_sleep) {
      const auto left = deadline_ns - bus::now_ns();
      if (left <= 0) return false;
      sleep_leading(std::chrono::nanoseconds{left});
      idle = 0;
    } else if (passes % kPassesPerClockRead == 0 && bus::now_ns() >= deadline_ns) {
      return false;
    }
    if (!any) bus::spin_pause();
  }
}

/// Waits while another thread leads; returns to try to lead.
void Hub::follow(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode) {
  for (int spin = 0; spin < (mode == bus::Wait::Sleep ? kPassesPerClockRead : bus::kSpinsBeforeSleep); ++spin) {
    if (pending.completed()) return;
    bus::spin_pause();
  }
  if (mode == bus::Wait::Spin) return;
  {
    const std::lock_guard lock{followers_lock_};
    followers_.push_back(&pending);
    has_followers_.store(true, std::memory_order_relaxed);
  }
  // A leader that left before it could see us would promote nobody; one that leaves between this look and our sleep
  // costs us at most the 10 ms after which we look again.
  if (drain_lock_.try_lock()) drain_lock_.unlock();
  else pending.sleep(std::chrono::nanoseconds{std::clamp<std::int64_t>(deadline_ns - bus::now_ns(), 0, 10'000'000)});
  const std::lock_guard lock{followers_lock_};
  std::erase(followers_, &pending);
  has_followers_.store(!followers_.empty(), std::memory_order_relaxed);
}

void Hub::promote_follower() noexcept {
  if (!has_followers_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock{followers_lock_};
  for (PendingCall* const follower : followers_)
    if (follower->promote()) return;
}

}  // namespace shunt::host
