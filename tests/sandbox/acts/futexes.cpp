/// Futexes beyond waiting and waking: by a word that others wait for, which can be had read-only, and by the kernel's
/// own locks.
#include "act.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

constexpr std::size_t kPage = 4096;
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

std::uint32_t* word_of(void* address) {
  return reinterpret_cast<std::uint32_t*>(static_cast<char*>(address) -
                                          reinterpret_cast<std::uintptr_t>(address) % kPage);
}

int futex(std::uint32_t* word, int operation, std::uint32_t value, std::uintptr_t many, std::uint32_t* other,
          std::uint32_t last) {
  return result_of(::syscall(SYS_futex, word, operation, value, many, other, last));
}

int requeue(const Stage& stage) {
  std::uint32_t mine = 0;
  return futex(word_of(stage.shared), FUTEX_REQUEUE, 1, 1, &mine, 0);
}
int requeue_if_unchanged(const Stage& stage) {
  std::uint32_t mine = 0;
  std::uint32_t* const theirs = word_of(stage.shared);
  return futex(theirs, FUTEX_CMP_REQUEUE, 1, 1, &mine, __atomic_load_n(theirs, __ATOMIC_RELAXED));
}
int wake_and_write(const Stage& stage) {
  std::uint32_t mine = 0;
  return futex(word_of(stage.shared), FUTEX_WAKE_OP, 1, 1, &mine, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0));
}

template <int kOperation>
int lock(const Stage&) {
  std::uint32_t mine = 0;
  return futex(&mine, kOperation, 0, 0, nullptr, 0);
}
int unlock(const Stage&) {
  auto mine = static_cast<std::uint32_t>(::gettid());
  return futex(&mine, FUTEX_UNLOCK_PI, 0, 0, nullptr, 0);
}

int requeue_to_lock(const Stage&) {
  std::uint32_t mine = 0;
  std::uint32_t lock = 0;
  return futex(&mine, FUTEX_CMP_REQUEUE_PI, 1, 0, &lock, 0);
}

/// A word to wait for, a lock to be moved to, and whoever moves.
struct Move {
  std::uint32_t word = 0;
  std::uint32_t lock = 0;
  std::atomic<bool> done{false};
};
void* move_waiter(void* argument) {
  auto& move = *static_cast<Move*>(argument);
  while (!move.done && futex(&move.word, FUTEX_CMP_REQUEUE_PI, 1, 0, &move.lock, 0) == 0) ::sched_yield();
  return nullptr;
}

/// Where no thread can be made there is nobody who moves: the wait is tried all the same, until a time that was long
/// ago.
int wait_to_be_moved(const Stage&) {
  Move move;
  pthread_t mover{};
  const bool is_moved = pthread_create(&mover, nullptr, move_waiter, &move) == 0;
  const timespec past{1, 0};
  const auto until = reinterpret_cast<std::uintptr_t>(is_moved ? nullptr : &past);
  const int result = futex(&move.word, FUTEX_WAIT_REQUEUE_PI, 0, until, &move.lock, 0);
  move.done = true;
  if (is_moved) pthread_join(mover, nullptr);
  return result;
}

constexpr std::array kActs{
    Act{"futexes", "requeue_others", Stop::Denied, "futex", requeue},
    Act{"futexes", "requeue_if_unchanged", Stop::Denied, "futex", requeue_if_unchanged},
    Act{"futexes", "wake_and_write", Stop::Denied, "futex", wake_and_write},
    Act{"futexes", "lock_in_kernel", Stop::Denied, "futex", lock<FUTEX_LOCK_PI>},
    Act{"futexes", "lock_by_newer_call", Stop::Denied, "futex", lock<FUTEX_LOCK_PI2>},
    Act{"futexes", "try_lock_in_kernel", Stop::Denied, "futex", lock<FUTEX_TRYLOCK_PI>},
    Act{"futexes", "unlock_in_kernel", Stop::Denied, "futex", unlock},
    Act{"futexes", "requeue_to_lock", Stop::Denied, "futex", requeue_to_lock},
    Act{"futexes", "wait_to_be_moved", Stop::Denied, "futex", wait_to_be_moved},
};

}  // namespace

std::span<const Act> futex_acts() { return kActs; }

}  // namespace shunt::hostile
