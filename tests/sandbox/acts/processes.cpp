/// Other programs and processes: making them.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

int execute_descriptor(const Stage&) {
  char program[] = "true";
  char* const arguments[] = {program, nullptr};
  char* const environment[] = {nullptr};
  const int file = ::open("/bin/true", O_RDONLY | O_CLOEXEC);
  return result_of(::syscall(SYS_execveat, file, "", arguments, environment, AT_EMPTY_PATH));
}

int end(void*) { return 0; }

int fork_in_our_memory(const Stage&) {
  static std::array<char, std::size_t{64} << 10> stack;
  const int child = ::clone(end, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
  return child < 0 ? errno : survived(child);
}

/// Where no child can be made, there is still the asking.
int wait_for_somebody(const Stage&) {
  if (::syscall(SYS_fork) == 0) ::_exit(0);
  return result_of(::syscall(SYS_wait4, -1, nullptr, 0, nullptr));
}

constexpr std::array kActs{
    Act{"processes", "fork", Stop::Denied, "clone", [](const Stage&) { return clone_with(SIGCHLD); }},
    Act{"processes", "fork_by_old_call", Stop::Denied, "fork",
        [](const Stage&) { return survived(::syscall(SYS_fork)); }},
    Act{"processes", "fork_in_our_memory", Stop::Denied, "clone", fork_in_our_memory},
    Act{"processes", "clone_by_structure", Stop::Silent, "", clone_by_structure},
    Act{"processes", "execute", Stop::Denied, "execve", execute},
    Act{"processes", "execute_descriptor", Stop::Denied, "execveat", execute_descriptor},
    Act{"processes", "be_traced", Stop::Denied, "ptrace",
        [](const Stage&) { return result_of(::ptrace(PTRACE_TRACEME, 0, 0, 0)); }},
    Act{"processes", "wait_for_somebody", Stop::Denied, "wait4", wait_for_somebody},
    Act{"processes", "lead_a_group", Stop::Denied, "setpgid", [](const Stage&) { return result_of(::setpgid(0, 0)); }},
};

}  // namespace

std::span<const Act> process_acts() { return kActs; }

}  // namespace shunt::hostile
