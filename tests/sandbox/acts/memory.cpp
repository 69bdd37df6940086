/// Memory: executable, shared, too much, or somebody else's; and threads and priorities.
#include "act.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kDescriptorsMax = 64;

int map(std::size_t bytes, int protection, int flags) {
  void* const memory = ::mmap(nullptr, bytes, protection, flags, -1, 0);
  if (memory == MAP_FAILED) return errno;
  ::munmap(memory, bytes);
  return 0;
}

int protect(int protection) {
  void* const memory = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  const int result = result_of(::mprotect(memory, kPage, protection));
  ::munmap(memory, kPage);
  return result;
}

void* page_of(void* address) { return static_cast<char*>(address) - reinterpret_cast<std::uintptr_t>(address) % kPage; }

int protect_shared(const Stage& stage, int protection) {
  return result_of(::mprotect(page_of(stage.shared), kPage, protection));
}

int move_executable(const Stage&) {
  const auto key = ::syscall(SYS_pkey_alloc, 0, 0);
  void* const memory = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return result_of(::syscall(SYS_pkey_mprotect, memory, kPage, PROT_READ | PROT_EXEC, key));
}

/// Does `attempt` to every descriptor there is: 0 when one lets it.
template <typename Attempt>
int with_every_descriptor(const Stage& stage, Attempt&& attempt) {
  int last = EBADF;
  for (int fd = stage.descriptors_from; fd < kDescriptorsMax; ++fd) {
    if (attempt(fd) >= 0) return 0;
    if (errno != EBADF) last = errno;
  }
  return last;
}

int resize(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::ftruncate(fd, 0); });
}
int punch(const Stage& stage) {
  return with_every_descriptor(
      stage, [](int fd) { return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage); });
}
int seal(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW); });
}
int double_descriptor(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::fcntl(fd, F_DUPFD, 0); });
}
int map_descriptor(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) {
    return ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0;
  });
}

int requeue(const Stage& stage) {
  std::uint32_t mine = 0;
  auto* const theirs = static_cast<std::uint32_t*>(page_of(stage.shared));
  return result_of(::syscall(SYS_futex, theirs, FUTEX_REQUEUE, 1, 1, &mine, 0));
}

void* wait_for_end(void* gate) {
  pthread_mutex_lock(static_cast<pthread_mutex_t*>(gate));
  pthread_mutex_unlock(static_cast<pthread_mutex_t*>(gate));
  return nullptr;
}

int make_threads(const Stage& stage) {
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&gate);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{64} << 10);
  std::vector<pthread_t> threads;
  int result = 0;
  while (result == 0 && threads.size() < static_cast<std::size_t>(stage.threads_max)) {
    pthread_t thread{};
    result = pthread_create(&thread, &small, wait_for_end, &gate);
    if (result == 0) threads.push_back(thread);
  }
  pthread_mutex_unlock(&gate);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  return result;
}

int be_batch(const Stage&) {
  const sched_param none{};
  return result_of(::sched_setscheduler(0, SCHED_BATCH, &none));
}
int leave_cpus(const Stage&) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  return result_of(::sched_setaffinity(0, sizeof(set), &set));
}
int raise_limit(const Stage&) {
  rlimit now{};
  ::getrlimit(RLIMIT_CORE, &now);
  return result_of(::setrlimit(RLIMIT_CORE, &now));
}

constexpr std::array kActs{
    Act{"memory", "map_writable_code", Stop::Denied,
        [](const Stage&) { return map(kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "map_code", Stop::Denied,
        [](const Stage&) { return map(kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "make_heap_executable", Stop::Denied, [](const Stage&) { return protect(PROT_READ | PROT_EXEC); }},
    Act{"memory", "make_all_of_it", Stop::Denied,
        [](const Stage&) { return protect(PROT_READ | PROT_WRITE | PROT_EXEC); }},
    Act{"memory", "protect_by_key", Stop::Denied, move_executable},
    Act{"memory", "map_shared", Stop::Denied,
        [](const Stage&) { return map(kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS); }},
    Act{"memory", "map_shared_validated", Stop::Denied,
        [](const Stage&) {
          return reached_with(::syscall(SYS_mmap, 0, kPage, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0),
                              EINVAL);
        }},
    Act{"memory", "map_huge_pages", Stop::Denied,
        [](const Stage&) {
          const int result = map(2u << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
          return result == ENOMEM ? 0 : result;  // none are set aside here; the kernel has looked for them
        }},
    Act{"memory", "memory_bomb", Stop::NoMemory,
        [](const Stage& s) { return map(s.bytes_max, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "lock_memory", Stop::Denied,
        [](const Stage& s) { return result_of(::mlock(page_of(s.shared), kPage)); }},
    Act{"memory", "make_lane_writable", Stop::Sealed,
        [](const Stage& s) { return protect_shared(s, PROT_READ | PROT_WRITE); }},
    Act{"memory", "make_lane_executable", Stop::Denied,
        [](const Stage& s) { return protect_shared(s, PROT_READ | PROT_EXEC); }},
    Act{"memory", "punch_lane_by_advice", Stop::Denied,
        [](const Stage& s) { return result_of(::madvise(page_of(s.shared), kPage, MADV_REMOVE)); }},
    Act{"memory", "resize_lane", Stop::Denied, resize},
    Act{"memory", "punch_lane", Stop::Denied, punch},
    Act{"memory", "seal_lane", Stop::Denied, seal},
    Act{"memory", "map_lane_again", Stop::Denied, map_descriptor},
    Act{"memory", "double_descriptor", Stop::Denied, double_descriptor},
    Act{"memory", "requeue_others_futex", Stop::Denied, requeue},
    Act{"memory", "remap_pages", Stop::Denied,
        [](const Stage& s) {
          return reached_with(::syscall(SYS_remap_file_pages, page_of(s.shared), kPage, 1, 0, 0), EINVAL);
        }},
    Act{"memory", "merge_with_others", Stop::Denied,
        [](const Stage& s) { return reached_with(::madvise(page_of(s.shared), kPage, MADV_MERGEABLE), EINVAL); }},
    Act{"threads", "thread_bomb", Stop::Limit, make_threads},
    Act{"threads", "change_priority", Stop::Denied,
        [](const Stage&) { return result_of(::setpriority(PRIO_PROCESS, 0, 1)); }},
    Act{"threads", "change_scheduling", Stop::Denied, be_batch},
    Act{"threads", "change_cpus", Stop::Denied, leave_cpus},
    Act{"threads", "raise_limit", Stop::Denied, raise_limit},
};

}  // namespace

std::span<const Act> memory_acts() { return kActs; }

}  // namespace shunt::hostile
