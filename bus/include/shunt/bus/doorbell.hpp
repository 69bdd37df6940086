#pragma once
/// Sleeping until a peer sends, without a word that both could write.
///
///     sleeper                                   waker
///       seen = peer.rung                          commit (release)
///       mine.asleep = 1                           full fence            (B)
///       full fence            (A)                 if peer.asleep:
///       look at the rings again                     ++mine.rung, futex_wake(mine.rung)
///       futex_wait(peer.rung, seen)
///
/// Without A or B each side's store may still sit in its store buffer while it reads the other's word: the sleeper
/// misses the message and the waker misses the sleeper. With both, at least one of them sees the other's store.

#include <shunt/bus/layout.hpp>
#include <shunt/bus/spin.hpp>

#include <chrono>
#include <cstdint>
#include <span>

namespace shunt::bus {

/// How a thread waits. Spin takes a core and makes no system call; Sleep costs a wake-up (tens of us) per message that
/// finds nobody awake; SpinThenSleep spins kSpinsBeforeSleep times first.
enum class Wait : std::uint8_t { Spin = 0, SpinThenSleep = 1, Sleep = 2 };

inline constexpr int kSpinsBeforeSleep = 4000;  ///< Of SpinThenSleep: about 50 us.
/// The longest single sleep: a peer that dies or lies costs no more than this before we look around.
inline constexpr std::chrono::milliseconds kSleepMax{100};

namespace detail {
/// FUTEX_WAIT while `*word == expected`, at most `timeout`. Works on a read-only mapping.
void futex_wait(const std::atomic<std::uint32_t>* word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept;
void futex_wake(const std::atomic<std::uint32_t>* word, int sleepers) noexcept;
}  // namespace detail

/// What stands at (A) and (B). A parameter so that a test can show what is lost without it; nobody else names it.
struct FullFence {
  static void stand() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
};

/// Rings the peer's bell after a commit, when the peer sleeps. One full fence; a system call only for a sleeper. Any
/// thread of the owner of `mine`.
template <typename Fence = FullFence>
inline void ring(Doorbell& mine, const Doorbell& peer) noexcept {
  Fence::stand();  // (B)
  if (peer.asleep.load(std::memory_order_relaxed) == 0) return;
  mine.rung.fetch_add(1, std::memory_order_relaxed);
  detail::futex_wake(&mine.rung, 1);
}

/// Sleeps until the peer rings, `timeout` passes, or `something_there()` is true when looked at once more; may wake for
/// nothing, so look again. One thread at a time for each `mine`.
template <typename Fence = FullFence, typename SomethingThere>
void sleep_until_rung(Doorbell& mine, const Doorbell& peer, std::chrono::nanoseconds timeout,
                      SomethingThere&& something_there) noexcept {
  const std::uint32_t seen = peer.rung.load(std::memory_order_relaxed);
  mine.asleep.store(1, std::memory_order_relaxed);
  Fence::stand();  // (A)
  if (!something_there()) detail::futex_wait(&peer.rung, seen, timeout);
  mine.asleep.store(0, std::memory_order_relaxed);
}

/// One of several peers that one thread sleeps on.
struct Bell {
  Doorbell* mine = nullptr;
  const Doorbell* peer = nullptr;
};

inline constexpr std::size_t kBellsMax = 127;  ///< What futex_waitv takes, less one word of our own.

/// The same for many peers, and for `own`, a word of this process: another thread changes it and wakes with
/// detail::futex_wake, and a change since `own_seen` was read ends the sleep at once.
template <typename Fence = FullFence, typename SomethingThere>
void sleep_until_any_rung(std::span<const Bell> bells, const std::atomic<std::uint32_t>& own, std::uint32_t own_seen,
                          std::chrono::nanoseconds timeout, SomethingThere&& something_there) noexcept;

namespace detail {
/// futex_waitv (Linux 5.16) over `own` and every bell's word. At most kBellsMax bells.
void futex_wait_any(std::span<const Bell> bells, std::span<const std::uint32_t> seen,
                    const std::atomic<std::uint32_t>& own, std::uint32_t own_seen,
                    std::chrono::nanoseconds timeout) noexcept;
}  // namespace detail

template <typename Fence, typename SomethingThere>
void sleep_until_any_rung(std::span<const Bell> bells, const std::atomic<std::uint32_t>& own, std::uint32_t own_seen,
                          std::chrono::nanoseconds timeout, SomethingThere&& something_there) noexcept {
  std::array<std::uint32_t, kBellsMax> seen;
  if (bells.size() > kBellsMax) bells = bells.first(kBellsMax);  // the rest is looked at when kSleepMax has passed
  for (std::size_t i = 0; i < bells.size(); ++i) {
    seen[i] = bells[i].peer->rung.load(std::memory_order_relaxed);
    bells[i].mine->asleep.store(1, std::memory_order_relaxed);
  }
  Fence::stand();  // (A)
  if (!something_there()) detail::futex_wait_any(bells, {seen.data(), bells.size()}, own, own_seen, timeout);
  for (const Bell& bell : bells) bell.mine->asleep.store(0, std::memory_order_relaxed);
}

}  // namespace shunt::bus
