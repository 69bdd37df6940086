#include "family.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace shunt::launcher {

void die_with(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have ended between its fork and the line above; then nobody sends the signal.
  if (::getppid() != parent) ::raise(SIGKILL);
}

Status die_with_other_end(int socket) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd other{socket, 0, 0};  // a hang-up is told unasked
  if (::poll(&other, 1, 0) > 0) return error(ErrorCode::HostGone, "the warden has ended");
  return {};
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

Result<pid_t> number_of(const bus::UniqueFd& pidfd) {
  std::FILE* const about = std::fopen(fmt::format("/proc/self/fdinfo/{}", pidfd.get()).c_str(), "re");
  if (about == nullptr) return system_error("reading about a pidfd");
  std::array<char, 128> line{};
  int number = 0;
  while (std::fgets(line.data(), static_cast<int>(line.size()), about) != nullptr)
    if (std::sscanf(line.data(), "Pid: %d", &number) == 1) break;
  std::fclose(about);
  if (number <= 0) return error(ErrorCode::System, "a pidfd names no process of ours");
  return number;
}

void kill_by(const bus::UniqueFd& pidfd) noexcept {
  if (pidfd) ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

}  // namespace shunt::launcher
