/// Threads, and what the kernel's scheduler thinks of them.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

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
    Act{"threads", "thread_bomb", Stop::Limit, "clone", make_threads},
    Act{"threads", "change_priority", Stop::Denied, "setpriority",
        [](const Stage&) { return result_of(::setpriority(PRIO_PROCESS, 0, 1)); }},
    Act{"threads", "change_scheduling", Stop::Denied, "sched_setscheduler", be_batch},
    Act{"threads", "change_cpus", Stop::Denied, "sched_setaffinity", leave_cpus},
    Act{"threads", "raise_limit", Stop::Denied, "prlimit64 setrlimit", raise_limit},
};

}  // namespace

std::span<const Act> thread_acts() { return kActs; }

}  // namespace shunt::hostile
