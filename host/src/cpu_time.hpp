#pragma once
/// The processor time that a process has taken.

#include <chrono>
#include <ctime>

#include <sys/types.h>

namespace shunt::host {

/// Of all its threads; 0 where it has none any more.
[[nodiscard]] inline std::chrono::nanoseconds cpu_of(pid_t pid) noexcept {
  clockid_t clock{};
  timespec time{};
  if (pid <= 0 || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace shunt::host
