#include "can_listen.hpp"

#include "family.hpp"

#include <array>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

bool kernel_notifies() noexcept {
  std::uint32_t action = SECCOMP_RET_USER_NOTIF;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/// In a process that is thrown away: a filter stays for good.
bool child_can_listen() noexcept {
  const pid_t child = ::fork();
  if (child < 0) return true;  // then nothing can be started anyway, and that is said there
  if (child != 0) {
    const auto status = wait_for(child);
    return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
  }
  std::array<sock_filter, 1> allow{sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{allow.size(), allow.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::_exit(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0 ? 1 : 0);
}

}  // namespace

bool can_listen() noexcept {
  const bool filtered = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
  return kernel_notifies() && (!filtered || child_can_listen());
}

}  // namespace shunt::launcher
