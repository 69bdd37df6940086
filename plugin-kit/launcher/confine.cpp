#include "confine.hpp"

#include "family.hpp"

#include <algorithm>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

Status limit(__rlimit_resource_t resource, std::uint64_t value, std::string_view what) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) == 0) return {};
  if (errno == EPERM)
    return error(ErrorCode::BadConfiguration, "{} of {} is above what this user may set: lower it", what, value);
  return system_error(fmt::format("limiting {}", what));
}

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
#ifndef SHUNT_SANITIZED  // whose shadow of the memory is private memory too, and many times as large
  if (confinement.data_bytes_max != 0) SHUNT_CHECK(limit(RLIMIT_DATA, confinement.data_bytes_max, "private memory"));
#endif
  if (confinement.open_files_max != 0) SHUNT_CHECK(limit(RLIMIT_NOFILE, confinement.open_files_max, "open files"));
  if (!confinement.cpus.empty()) SHUNT_CHECK(run_on(confinement.cpus));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("renouncing new privileges");
  die_with(confinement.parent);
  return {};
}

}  // namespace shunt::launcher
