/// shunt-launch where something is missing, as in a container: behind a filter that refuses what LACKING names.
///
///     NAMESPACES   no call makes one: EPERM
///     USERS        no call makes a user namespace: EPERM
///     LANDLOCK     the kernel has none: ENOSYS
///     LISTENER     no filter of the launcher's gets a listener: EBUSY, as below a filter that has one

#include <array>
#include <cstddef>
#include <cstdio>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr unsigned offset_of(unsigned argument) {
  return static_cast<unsigned>(offsetof(seccomp_data, args)) +
         argument * 8;  // its lower half, on every machine of ours
}

#ifdef LACKING_LANDLOCK
constexpr unsigned kCreateRuleset = 444;  // landlock_create_ruleset, which older headers do not have
#elif defined(LACKING_USERS)
constexpr unsigned kRefused = CLONE_NEWUSER;
#elif defined(LACKING_NAMESPACES)
constexpr unsigned kRefused = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
#endif

// NOLINTBEGIN(modernize-use-bool-literals): the kernel's macros.
constexpr std::array kProgram {
  sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#if defined(LACKING_NAMESPACES) || defined(LACKING_USERS)
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(0)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kRefused, 1, 0),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1 /* EPERM */),
#elif defined(LACKING_LANDLOCK)
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kCreateRuleset, 1, 0),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38 /* ENOSYS */),
#else
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 2),
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(1)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 1, 0),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 16 /* EBUSY */),
#endif
};
// NOLINTEND(modernize-use-bool-literals)

}  // namespace

int main(int, char** arguments) {
  sock_fprog program{kProgram.size(), const_cast<sock_filter*>(kProgram.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    std::perror("narrowing the launcher");
    return 1;
  }
  ::execv(LAUNCHER, arguments);
  std::perror("starting shunt-launch");
  return 1;
}
