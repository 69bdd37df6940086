/// The sandbox itself: filters, its listener, signals, and what prctl keeps.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

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

int make_landlock(const Stage&) { return result_of(::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1)); }

/// Closes whatever might be the listener, and then makes a call that takes a judge: without one nobody would deny it.
/// Sockets stay, as a plugin without its control socket is ended for that.
int close_listener(const Stage& stage) {
  constexpr int kDescriptorsEnd = 256;
  for (int fd = stage.descriptors_from; fd < kDescriptorsEnd; ++fd) {
    msghdr nothing{};
    const bool is_socket = ::recvmsg(fd, &nothing, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != ENOTSOCK;
    if (!is_socket) ::close(fd);
  }
  const int fd = ::open((stage.folder + "/secret").c_str(), O_RDONLY | O_CLOEXEC);
  return result_of(fd);
}

int close_everything(const Stage& stage) {
  const int result = result_of(::syscall(SYS_close_range, stage.descriptors_from, ~0u, 0));
  const int fd = ::open((stage.folder + "/secret").c_str(), O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? 0 : result;
}

constexpr std::array kActs{
    Act{"sandbox", "second_filter", Stop::Denied, "seccomp", install_filter},
    Act{"sandbox", "second_filter_by_prctl", Stop::Denied, "prctl", install_old_filter},
    Act{"sandbox", "own_landlock", Stop::Denied, "landlock_create_ruleset", make_landlock},
    Act{"sandbox", "handle_denials", Stop::Denied, "rt_sigaction", handle_denials},
    Act{"sandbox", "become_dumpable", Stop::Denied, "prctl", [](const Stage&) { return control(PR_SET_DUMPABLE, 1); }},
    Act{"sandbox", "outlive_parent", Stop::Denied, "prctl", [](const Stage&) { return control(PR_SET_PDEATHSIG, 0); }},
    Act{"sandbox", "adopt_orphans", Stop::Denied, "prctl",
        [](const Stage&) { return control(PR_SET_CHILD_SUBREAPER, 1); }},
    Act{"sandbox", "forgo_privileges_again", Stop::Denied, "prctl",
        [](const Stage&) { return control(PR_SET_NO_NEW_PRIVS, 1); }},
    Act{"sandbox", "ask_for_filter", Stop::Denied, "prctl",
        [](const Stage&) { return result_of(::prctl(PR_GET_SECCOMP)); }},
    Act{"sandbox", "close_listener", Stop::Denied, "openat", close_listener},
    Act{"sandbox", "close_everything", Stop::Denied, "close_range", close_everything},
    Act{"sandbox", "allow_privileges_again", Stop::Denied, "prctl",
        [](const Stage&) { return control(PR_SET_NO_NEW_PRIVS, 0); }},
};

}  // namespace

std::span<const Act> sandbox_acts() { return kActs; }

}  // namespace shunt::hostile
