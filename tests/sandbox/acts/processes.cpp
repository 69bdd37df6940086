/// Other programs and processes: making them, and reaching those that are there.
#include "act.hpp"

#include <array>
#include <csignal>
#include <cstdint>

#include <linux/sched.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

/// In the parent; the child ends at once.
int survived(long pid) {
  if (pid == 0) ::_exit(0);
  if (pid < 0) return errno;
  ::waitpid(static_cast<pid_t>(pid), nullptr, __WALL);
  return 0;
}

int clone_with(std::uint64_t flags) {
  return survived(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
}

int clone_by_structure(const Stage&) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  return survived(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

int execute(const Stage&) {
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  char* const environment[] = {nullptr};
  ::execve(program, arguments, environment);
  return errno;
}

int execute_nothing(const Stage&) {
  char* const nothing[] = {nullptr};
  return reached_with(::syscall(SYS_execveat, -1, "", nothing, nothing, 0x1000), EBADF);
}

int read_strangers_memory(const Stage& stage) {
  std::array<char, 8> bytes{};
  const iovec local{bytes.data(), bytes.size()};
  const iovec remote{nullptr, 8};
  return reached_with(::process_vm_readv(stage.stranger, &local, 1, &remote, 1, 0), EFAULT);
}

int write_strangers_memory(const Stage& stage) {
  std::array<char, 8> bytes{};
  const iovec local{bytes.data(), bytes.size()};
  const iovec remote{nullptr, 8};
  return reached_with(::process_vm_writev(stage.stranger, &local, 1, &remote, 1, 0), EFAULT);
}

int steal_descriptor(const Stage& stage) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, stage.stranger, 0));
  return result_of(::syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

int signal_by_pidfd(const Stage& stage) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, stage.stranger, 0));
  return result_of(::syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0));
}

int queue_signal(const Stage& stage) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  return result_of(::syscall(SYS_rt_sigqueueinfo, stage.stranger, 0, &info));
}

int limit_stranger(const Stage& stage) {
  rlimit now{};
  return result_of(::syscall(SYS_prlimit64, stage.stranger, RLIMIT_CORE, nullptr, &now));
}

int move_stranger(const Stage& stage) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  return result_of(::sched_setaffinity(stage.stranger, sizeof(set), &set));
}

int compare_with_stranger(const Stage& stage) {
  return result_of(::syscall(SYS_kcmp, ::getpid(), stage.stranger, 1 /* VM */, 0, 0));
}

constexpr std::array kActs{
    Act{"processes", "fork", Stop::Denied, [](const Stage&) { return clone_with(SIGCHLD); }},
    Act{"processes", "fork_by_old_call", Stop::Denied, [](const Stage&) { return survived(::syscall(SYS_fork)); }},
    Act{"processes", "fork_in_our_memory", Stop::Denied,
        [](const Stage&) { return reached_with(::syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL); }},
    Act{"processes", "clone_by_structure", Stop::Silent, clone_by_structure},
    Act{"processes", "execute", Stop::Denied, execute},
    Act{"processes", "execute_descriptor", Stop::Denied, execute_nothing},
    Act{"processes", "be_traced", Stop::Denied,
        [](const Stage&) { return result_of(::ptrace(PTRACE_TRACEME, 0, 0, 0)); }},
    Act{"processes", "trace_stranger", Stop::Denied,
        [](const Stage& s) { return result_of(::ptrace(PTRACE_SEIZE, s.stranger, 0, 0)); }},
    Act{"processes", "signal_stranger", Stop::Denied, [](const Stage& s) { return result_of(::kill(s.stranger, 0)); }},
    Act{"processes", "signal_everybody", Stop::Denied, [](const Stage&) { return result_of(::kill(-1, 0)); }},
    Act{"processes", "signal_strangers_thread", Stop::Denied,
        [](const Stage& s) { return result_of(::syscall(SYS_tgkill, s.stranger, s.stranger, 0)); }},
    Act{"processes", "signal_by_thread_number", Stop::Denied,
        [](const Stage& s) { return result_of(::syscall(SYS_tkill, s.stranger, 0)); }},
    Act{"processes", "queue_signal", Stop::Denied, queue_signal},
    Act{"processes", "name_stranger", Stop::Denied,
        [](const Stage& s) { return result_of(::syscall(SYS_pidfd_open, s.stranger, 0)); }},
    Act{"processes", "signal_by_descriptor", Stop::Denied, signal_by_pidfd},
    Act{"processes", "steal_descriptor", Stop::Denied, steal_descriptor},
    Act{"processes", "read_strangers_memory", Stop::Denied, read_strangers_memory},
    Act{"processes", "write_strangers_memory", Stop::Denied, write_strangers_memory},
    Act{"processes", "ask_strangers_limits", Stop::Denied, limit_stranger},
    Act{"processes", "move_stranger", Stop::Denied, move_stranger},
    Act{"processes", "compare_with_stranger", Stop::Denied, compare_with_stranger},
    Act{"processes", "wait_for_somebody", Stop::Denied,
        [](const Stage&) { return reached_with(::syscall(SYS_wait4, -1, nullptr, WNOHANG, nullptr), ECHILD); }},
    Act{"processes", "lead_a_group", Stop::Denied, [](const Stage&) { return result_of(::setpgid(0, 0)); }},
};

}  // namespace

std::span<const Act> process_acts() { return kActs; }

}  // namespace shunt::hostile
