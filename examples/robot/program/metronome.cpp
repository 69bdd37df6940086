#include "metronome.hpp"

#include "time.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

namespace robot_demo {

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

Metronome::Metronome() : next_ns_(now_ns()) {
  ::prctl(PR_SET_TIMERSLACK, 1);  // else the kernel may add 50 us, to wake several threads at once
}

std::int64_t Metronome::wait() {
  next_ns_ += kPeriodNs;
  const timespec next{next_ns_ / 1'000'000'000, next_ns_ % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr) == EINTR) {
  }
  return now_ns() - next_ns_;
}

shunt::Status become_realtime() {
  constexpr int kPriority = 50;
  const sched_param parameters{.sched_priority = kPriority};
  bool done = ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task"})
    done = done && ::sched_setscheduler(std::stoi(thread.path().filename()), SCHED_FIFO | SCHED_RESET_ON_FORK,
                                        &parameters) == 0;
  if (done) return {};
  return shunt::error(shunt::ErrorCode::System,
                      "the loop cannot be real-time here ({}): that takes root, or `ulimit -r {} -l unlimited`; leave "
                      "--realtime out",
                      std::strerror(errno), kPriority);
}

}  // namespace robot_demo
