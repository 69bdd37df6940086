#include <shunt/bus/clock.hpp>
#include <shunt/bus/doorbell.hpp>

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::bus::detail {
namespace {

/// As the kernel has it (linux/futex.h since 5.16); spelled out because the C library's headers may be older.
struct Waiter {
  std::uint64_t value;
  std::uint64_t address;
  std::uint32_t flags;
  std::uint32_t reserved;
};
constexpr std::uint32_t kFutex32 = 2;  // FUTEX_32: a shared 32-bit word
constexpr long kFutexWaitv = 449;      // the same number on every architecture

timespec to_timespec(std::int64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>* word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept {
  const timespec relative = to_timespec(std::max<std::int64_t>(timeout.count(), 0));
  ::syscall(SYS_futex, word, FUTEX_WAIT, expected, &relative, nullptr, 0);
}

void futex_wake(const std::atomic<std::uint32_t>* word, int sleepers) noexcept {
  ::syscall(SYS_futex, word, FUTEX_WAKE, sleepers, nullptr, nullptr, 0);
}

void futex_wait_any(std::span<const Bell> bells, std::span<const std::uint32_t> seen,
                    const std::atomic<std::uint32_t>& own, std::uint32_t own_seen,
                    std::chrono::nanoseconds timeout) noexcept {
  std::array<Waiter, kBellsMax + 1> waiters;
  for (std::size_t i = 0; i < bells.size(); ++i)
    waiters[i] = {seen[i], reinterpret_cast<std::uint64_t>(&bells[i].peer->rung), kFutex32, 0};
  waiters[bells.size()] = {own_seen, reinterpret_cast<std::uint64_t>(&own), kFutex32, 0};
  const timespec until = to_timespec(now_ns() + std::max<std::int64_t>(timeout.count(), 0));
  ::syscall(kFutexWaitv, waiters.data(), bells.size() + 1, 0, &until, CLOCK_MONOTONIC);
}

}  // namespace shunt::bus::detail
