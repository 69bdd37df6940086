#include "confine.hpp"

#include "family.hpp"

#include <algorithm>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

constexpr std::uint64_t kPendingSignals = 128;

#ifndef SHUNT_SANITIZED
constexpr std::uint64_t kMainStackBytes = 8u << 20;
// Code, libraries, and what allocators reserve without using it.
constexpr std::uint64_t kReservedBytes = 1u << 30;
#endif

Status limit(__rlimit_resource_t resource, std::uint64_t value, std::string_view what) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) == 0) return {};
  if (errno == EPERM)
    return error(ErrorCode::BadConfiguration, "{} of {} is above what this user may set: lower it", what, value);
  return system_error(fmt::format("limiting {}", what));
}

#ifndef SHUNT_SANITIZED  // whose shadow of the memory is private memory too, and many times as large
/// The first limit counts what can be written and is neither shared nor a stack. The last bounds everything, so that
/// the tables of pages that are only read stay small.
Status limit_memory(const Confinement& confinement) {
  if (confinement.data_bytes_max == 0) return {};
  SHUNT_CHECK(limit(RLIMIT_DATA, confinement.data_bytes_max, "private memory"));
  rlimit stack{};
  ::getrlimit(RLIMIT_STACK, &stack);
  SHUNT_CHECK(limit(RLIMIT_STACK, std::min<std::uint64_t>(stack.rlim_max, kMainStackBytes), "the main thread's stack"));
  return limit(RLIMIT_AS, confinement.data_bytes_max + confinement.lane_bytes + kReservedBytes, "address space");
}
#endif

Status run_on(std::span<const std::uint32_t> cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : cpus) {
    if (cpu >= CPU_SETSIZE) return error(ErrorCode::BadConfiguration, "there is no processor {}", cpu);
    CPU_SET(cpu, &set);
  }
  if (::sched_setaffinity(0, sizeof(set), &set) == 0) return {};
  return error(ErrorCode::BadConfiguration, "none of the processors {} can be used here: change `cpus`",
               fmt::join(cpus, ", "));
}

Status schedule(const Confinement& confinement) {
  constexpr sched_param kNone{};
  const int policy = confinement.scheduling == control::Scheduling::Batch  ? SCHED_BATCH
                     : confinement.scheduling == control::Scheduling::Idle ? SCHED_IDLE
                                                                           : SCHED_OTHER;
  if (policy != SCHED_OTHER && ::sched_setscheduler(0, policy, &kNone) != 0)
    return system_error("changing the scheduling class");
  if (confinement.nice > 0 && ::setpriority(PRIO_PROCESS, 0, confinement.nice) != 0) return system_error("being nice");
  return {};
}

}  // namespace

Status close_all_but(std::vector<int> keep) {
  keep.insert(keep.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  std::sort(keep.begin(), keep.end());
  unsigned from = 0;
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > from && ::close_range(from, kept - 1, 0) != 0) return system_error("closing descriptors");
    from = std::max(from, kept + 1);
  }
  if (::close_range(from, ~0u, 0) != 0) return system_error("closing descriptors");
  return {};
}

Status confine(const Confinement& confinement) {
  SHUNT_CHECK(close_all_but(confinement.keep));
  SHUNT_CHECK(limit(RLIMIT_CORE, 0, "core files"));
  SHUNT_CHECK(limit(RLIMIT_MEMLOCK, 0, "locked memory"));
  SHUNT_CHECK(limit(RLIMIT_MSGQUEUE, 0, "message queues"));
  SHUNT_CHECK(limit(RLIMIT_SIGPENDING, kPendingSignals, "pending signals"));  // which count for its user outside, too
#ifndef SHUNT_SANITIZED
  SHUNT_CHECK(limit_memory(confinement));
  if (confinement.processes_max != 0) SHUNT_CHECK(limit(RLIMIT_NPROC, confinement.processes_max, "threads"));
#endif
  if (confinement.open_files_max != 0) SHUNT_CHECK(limit(RLIMIT_NOFILE, confinement.open_files_max, "open files"));
  if (!confinement.cpus.empty()) SHUNT_CHECK(run_on(confinement.cpus));
  SHUNT_CHECK(schedule(confinement));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("renouncing new privileges");
  die_with(confinement.parent);
  return {};
}

Status confine_calls(const Filter& filter, const kit::ControlChannel& warden, Layers& layers, bool require_full) {
  SHUNT_TRY(listener, install_filter(filter));
  layers.holds(Layer::Filter, fmt::format("{} instructions", filter.program().size()));
  if (listener) layers.holds(Layer::Audit, "the warden judges what the filter leaves open");
  else layers.lacks(Layer::Audit, "no listener can be had here: a filter around this program has the only one");
  std::vector<int> descriptors;
  if (listener) descriptors.push_back(listener.get());
  SHUNT_CHECK(warden.send(layers.message(), descriptors));
  return require_full ? layers.check_complete() : Status{};
}

}  // namespace shunt::launcher
