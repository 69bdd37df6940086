#include "system_call_watch.hpp"

#include <csignal>
#include <cstdint>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace shunt::test {
namespace {

// As the kernel has them (linux/prctl.h since 5.11); the C library's headers may be older.
constexpr long kSetSyscallUserDispatch = 59;
constexpr char kAllow = 0;
constexpr char kBlock = 1;

// The kernel reads it at every system call of the watched thread.
thread_local volatile char selector = kAllow;
thread_local volatile long seen = SystemCallWatch::kNone;

/// Notes the call, lets everything through from now on, and goes back to make the call again.
void on_system_call(int, siginfo_t* info, void* context) {
  selector = kAllow;
  seen = info->si_syscall;
#if defined(__x86_64__)
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  registers[REG_RIP] -= 2;  // the length of `syscall`
  registers[REG_RAX] = info->si_syscall;
#else
  static_cast<void>(context);
#endif
}

bool dispatch(bool on) noexcept {
  return ::syscall(SYS_prctl, kSetSyscallUserDispatch, on ? 1L : 0L, 0L, 0L,
                   on ? reinterpret_cast<long>(&selector) : 0L) == 0;
}

}  // namespace

bool SystemCallWatch::works() noexcept {
#if defined(__x86_64__)
  return dispatch(true) && dispatch(false);
#else
  return false;
#endif
}

SystemCallWatch::SystemCallWatch() noexcept {
  struct sigaction action {};
  action.sa_sigaction = on_system_call;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  seen = kNone;
  dispatch(true);
  selector = kBlock;
}

SystemCallWatch::~SystemCallWatch() {
  selector = kAllow;
  dispatch(false);
  ::signal(SIGSYS, SIG_DFL);
}

long SystemCallWatch::first() const noexcept {
  selector = kAllow;
  return seen;
}

}  // namespace shunt::test
