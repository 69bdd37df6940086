/// Namespaces, identities, and the sandbox itself.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

/// What an ordinary user may not do: EPERM is then the kernel's own answer.
int mount_something(const Stage& stage) {
  return reached_with(::mount("none", (stage.folder + "/empty").c_str(), "tmpfs", 0, nullptr), EPERM);
}
int change_root(const Stage& stage) { return reached_with(::chroot(stage.folder.c_str()), EPERM); }
int open_mounts(const Stage&) { return reached_with(::syscall(SYS_open_tree, AT_FDCWD, "/", 1), EPERM); }

int drop_capabilities(const Stage&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> mine{};
  ::syscall(SYS_capget, &header, mine.data());
  return result_of(::syscall(SYS_capset, &header, mine.data()));
}

/// Lets everything pass, so that a baseline goes on.
int install_filter(const Stage&) {
  std::array<sock_filter, 1> allow{sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{allow.size(), allow.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return result_of(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
int install_old_filter(const Stage&) {
  std::array<sock_filter, 1> allow{sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{allow.size(), allow.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return result_of(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

int handle_denials(const Stage&) {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  return result_of(::sigaction(SIGSYS, &action, nullptr));
}

int control(int option, unsigned long value) { return result_of(::prctl(option, value, 0, 0, 0)); }

int make_landlock(const Stage&) {
  return reached_with(::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1), EOPNOTSUPP);
}

int enter_namespace(const Stage&) { return reached_with(::setns(-1, 0), EBADF); }

constexpr std::array kActs{
    Act{"privileges", "new_user_namespace", Stop::Denied,
        [](const Stage&) { return result_of(::unshare(CLONE_NEWUSER)); }},
    Act{"privileges", "unshare_files", Stop::Denied, [](const Stage&) { return result_of(::unshare(CLONE_FILES)); }},
    Act{"privileges", "enter_namespace", Stop::Denied, enter_namespace},
    Act{"privileges", "mount", Stop::Denied, mount_something},
    Act{"privileges", "change_root", Stop::Denied, change_root},
    Act{"privileges", "open_mounts", Stop::Denied, open_mounts},
    Act{"privileges", "set_user", Stop::Denied,
        [](const Stage&) { return result_of(::syscall(SYS_setuid, ::getuid())); }},
    Act{"privileges", "set_group", Stop::Denied,
        [](const Stage&) { return result_of(::syscall(SYS_setgid, ::getgid())); }},
    Act{"privileges", "set_all_users", Stop::Denied,
        [](const Stage&) { return result_of(::syscall(SYS_setresuid, -1, -1, -1)); }},
    Act{"privileges", "set_groups", Stop::Denied,
        [](const Stage&) { return reached_with(::syscall(SYS_setgroups, 0, nullptr), EPERM); }},
    Act{"privileges", "set_capabilities", Stop::Denied, drop_capabilities},
    Act{"privileges", "set_umask", Stop::Denied,
        [](const Stage&) { return result_of(static_cast<int>(::syscall(SYS_umask, 022))); }},
    Act{"sandbox", "second_filter", Stop::Denied, install_filter},
    Act{"sandbox", "second_filter_by_prctl", Stop::Denied, install_old_filter},
    Act{"sandbox", "own_landlock", Stop::Denied, make_landlock},
    Act{"sandbox", "handle_denials", Stop::Denied, handle_denials},
    Act{"sandbox", "become_dumpable", Stop::Denied, [](const Stage&) { return control(PR_SET_DUMPABLE, 1); }},
    Act{"sandbox", "outlive_parent", Stop::Denied, [](const Stage&) { return control(PR_SET_PDEATHSIG, 0); }},
    Act{"sandbox", "adopt_orphans", Stop::Denied, [](const Stage&) { return control(PR_SET_CHILD_SUBREAPER, 1); }},
    Act{"sandbox", "forgo_privileges_again", Stop::Denied,
        [](const Stage&) { return control(PR_SET_NO_NEW_PRIVS, 1); }},
    Act{"sandbox", "ask_for_filter", Stop::Denied, [](const Stage&) { return result_of(::prctl(PR_GET_SECCOMP)); }},
};

}  // namespace

std::span<const Act> privilege_acts() { return kActs; }

}  // namespace shunt::hostile
