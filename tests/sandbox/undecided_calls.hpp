#pragma once
/// The calls that the filter does not allow, by number: all that there are but those that docs/sandbox.md lists.

#include <algorithm>
#include <array>
#include <vector>

#include <sys/syscall.h>

namespace shunt::test {

inline constexpr long kCallsEnd = 470;  ///< Of Linux 6.18, with a margin.

inline std::vector<long> undecided_calls() {
  // Whole, or with nothing for arguments.
  constexpr std::array kAllowed {
    SYS_futex, SYS_futex_waitv, SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime,
        SYS_clock_getres, SYS_gettimeofday, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_read,
        SYS_write, SYS_writev, SYS_close, SYS_ppoll, SYS_pselect6, SYS_exit, SYS_exit_group, SYS_set_robust_list,
        SYS_rseq, SYS_set_tid_address, SYS_gettid, SYS_getpid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid,
        SYS_getegid, SYS_getcpu, SYS_sched_getaffinity, SYS_prlimit64, SYS_sysinfo, SYS_getrandom, SYS_rt_sigprocmask,
        SYS_rt_sigreturn, SYS_rt_sigaction, SYS_sigaltstack, SYS_restart_syscall,
#if defined(__x86_64__)
        SYS_poll, SYS_select, SYS_pause, SYS_getrlimit, SYS_time,
#endif
  };
  constexpr std::array kOtherwise{SYS_clone3, SYS_uname,
                                  SYS_openat2};  // denied without a record; granted by the manifest
  // uretprobe and uprobe: newer kernels let them past every filter, and end a process with SIGILL that makes them by
  // itself.
  constexpr std::array kUnfiltered{335L, 336L};
  std::vector<long> result;
  for (long number = 0; number < kCallsEnd; ++number)
    if (std::ranges::find(kAllowed, number) == kAllowed.end() &&
        std::ranges::find(kUnfiltered, number) == kUnfiltered.end() &&
        std::ranges::find(kOtherwise, number) == kOtherwise.end())
      result.push_back(number);
  return result;
}

}  // namespace shunt::test
