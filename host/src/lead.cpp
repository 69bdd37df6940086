/// Leading and following: of the threads that wait, one drains the lanes for all.

#include "hub.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <climits>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::host {
namespace {

constexpr int kPassesPerClockRead = 64;
constexpr std::chrono::microseconds kSilentTick{100};  ///< While a plugin that does not ring may send something.
constexpr std::chrono::milliseconds kRoomTick{1};      ///< While something waits for room in a ring.

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

/// A full fence in every thread of this process, now: of a pair of fences we pay for both, because we are about to
/// sleep and the other side sends a message in less time than a fence of its own would take.
void Hub::fence_in_every_thread() noexcept {
  ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
  ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void Hub::wake() noexcept {
  wake_idlers();
  // seq_cst: a leader that read the old word has not slept yet, or is woken.
  wake_word_.fetch_add(1, std::memory_order_seq_cst);
  bus::detail::futex_wake(&wake_word_, 1);
}

/// After something that lanes do not ring for: a call was completed by other means than its reply, or may be too late
/// sooner than those who sleep know.
void Hub::wake_sleepers() noexcept {
  // Pairs with those before a sleeper looks for the last time: it sees what we did, or we see it.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_relaxed) > 0) wake();
}

bool Hub::drain() {
  if (!drain_lock_.try_lock()) return false;
  const DrainHold hold{*this, std::adopt_lock};
  return pass();
}

void Hub::sleep(std::chrono::nanoseconds timeout, const std::function<bool()>& is_due) {
  const Sleeper sleeper{*this};
  if (!drain_lock_.try_lock()) return sleep_idle(timeout, is_due);
  // No publication becomes due now: that takes the lock that we hold. Of calls there is another look.
  if (!is_due()) sleep_leading(timeout);
  unlock_drain();
}

/// At most until a call with a callback may be too late. Looked up after the word that wake() changes: who makes it
/// earlier then ends the sleep.
std::chrono::nanoseconds Hub::until_expiry(std::chrono::nanoseconds timeout) const noexcept {
  const std::int64_t expiry_ns = expiry_ns_.load(std::memory_order_relaxed);
  return expiry_ns == INT64_MAX ? timeout : std::min(timeout, std::chrono::nanoseconds{expiry_ns - bus::now_ns()});
}

/// While another thread leads: until it has set something aside for poll(), or leaves.
void Hub::sleep_idle(std::chrono::nanoseconds timeout, const std::function<bool()>& is_due) {
  // Acquire pairs with the release in wake_idlers(): who reads the word that it left sees what it was changed for.
  const std::uint32_t seen = idle_word_.load(std::memory_order_acquire);
  {
    const std::lock_guard lock{followers_lock_};
    ++idlers_;
    has_followers_.store(true, std::memory_order_relaxed);
  }
  // Pairs with nothing that the leader executes: what it set aside, or that it left, we see; or it sees us.
  fence_in_every_thread();
  const bool free = drain_lock_.try_lock();
  if (free) drain_lock_.unlock();
  if (room_waiters_.load(std::memory_order_relaxed) > 0)
    timeout = std::min<std::chrono::nanoseconds>(timeout, kRoomTick);
  if (!free && !is_due())
    bus::detail::futex_wait(&idle_word_, seen,
                            std::min<std::chrono::nanoseconds>(until_expiry(timeout), bus::kSleepMax));
  const std::lock_guard lock{followers_lock_};
  --idlers_;
  has_followers_.store(!followers_.empty() || idlers_ > 0, std::memory_order_relaxed);
}

void Hub::wake_idlers() noexcept {
  idle_word_.fetch_add(1, std::memory_order_seq_cst);
  bus::detail::futex_wake(&idle_word_, INT_MAX);
}

void Hub::sleep_leading(std::chrono::nanoseconds timeout) {
  if (std::ranges::any_of(lanes_, [](const Lane& lane) { return !lane.instance->rings; }))
    timeout = std::min<std::chrono::nanoseconds>(timeout, kSilentTick);
  // A plugin that makes room in its ring does not ring for it.
  if (backlogged_.load(std::memory_order_relaxed) || room_waiters_.load(std::memory_order_relaxed) > 0 ||
      std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.stalled != nullptr; }))
    timeout = std::min<std::chrono::nanoseconds>(timeout, kRoomTick);
  const std::uint32_t seen = wake_word_.load(std::memory_order_seq_cst);
  if (leader_ == nullptr) timeout = until_expiry(timeout);
  bus::sleep_until_any_rung(
      bells_, wake_word_, seen, std::min<std::chrono::nanoseconds>(timeout, bus::kSleepMax), [this] {
        const auto has_message = [](const Lane& lane) {
          bus::LaneReceiver& receiver = lane.instance->lane->receiver;
          return !lane.stalled && (receiver.has_message(bus::Ring::Reply) || receiver.has_message(bus::Ring::Data));
        };
        return wanted_.load(std::memory_order_relaxed) > 0 || (leader_ != nullptr ? leader_->completed() : has_due()) ||
               std::ranges::any_of(lanes_, has_message);
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
      const Sleeper sleeper{*this};
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
  // A leader that left before it could see us would promote nobody: then the lock is free. After this fence it sees us.
  fence_in_every_thread();
  if (drain_lock_.try_lock()) drain_lock_.unlock();
  else pending.sleep(std::chrono::nanoseconds{std::clamp<std::int64_t>(deadline_ns - bus::now_ns(), 0, 10'000'000)});
  const std::lock_guard lock{followers_lock_};
  std::erase(followers_, &pending);
  has_followers_.store(!followers_.empty() || idlers_ > 0, std::memory_order_relaxed);
}

void Hub::promote_follower() noexcept {
  if (!has_followers_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock{followers_lock_};
  for (PendingCall* const follower : followers_)
    if (follower->promote()) return;
  if (idlers_ > 0) wake_idlers();
}

}  // namespace shunt::host
