#include "family.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace shunt::launcher {

void die_with(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have ended between its fork and the line above; then nobody sends the signal.
  if (::getppid() != parent) ::raise(SIGKILL);
}

void adopt_orphans() noexcept { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::optional<int> wait_for(pid_t child) noexcept {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return std::nullopt;
  return status;
}

namespace {

/// One of our children that is not reaped; 0 for none.
pid_t some_child() noexcept {
  std::FILE* const children = std::fopen("/proc/thread-self/children", "re");
  if (children == nullptr) return 0;
  int child = 0;
  if (std::fscanf(children, "%d", &child) != 1) child = 0;
  std::fclose(children);
  return child;
}

}  // namespace

void end_children() noexcept {
  while (const pid_t child = some_child()) {
    ::kill(child, SIGKILL);
    if (!wait_for(child)) return;
  }
}

Result<bus::UniqueFd> open_pidfd(pid_t pid) {
  bus::UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd) return system_error("opening a pidfd");
  return pidfd;
}

void kill_by(const bus::UniqueFd& pidfd) noexcept {
  if (pidfd) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

}  // namespace shunt::launcher
