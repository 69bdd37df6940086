#include "allowed_calls.hpp"

#include <csignal>

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>

namespace shunt::launcher {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};
constexpr std::uint64_t kInt = 0xffff'ffff;  // the kernel reads no more of an int

constexpr When is(unsigned argument, std::uint64_t value, std::uint64_t mask = kInt) {
  return {argument, mask, value, When::Holds::Equal};
}
constexpr When is_not(unsigned argument, std::uint64_t value) {
  return {argument, kInt, value, When::Holds::IntDiffers};
}
/// A descriptor that the plugin was not born with. Standard output may be a terminal that can be read as well, or a
/// file.
constexpr When opened(unsigned argument) { return {argument, kInt, 2, When::Holds::IntAbove}; }

// The low four bits of mmap's flags are one number, not flags: testing MAP_PRIVATE alone lets MAP_SHARED_VALIDATE pass.
// What grows down is a stack to the kernel, and stacks do not count as private memory.
constexpr std::uint64_t kKindOfMemory = 0x0f | MAP_HUGETLB | MAP_GROWSDOWN;
constexpr std::uint64_t kFutexCommand = kInt & ~std::uint64_t{FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME};

constexpr AllowedCall kAllowed[] = {
    // Waiting and waking. No requeue: it works through a read-only mapping and would steal other plugins' wake-ups.
    {"futex", {is(1, FUTEX_WAIT, kFutexCommand)}, "locks"},
    {"futex", {is(1, FUTEX_WAKE, kFutexCommand)}, "locks, and the host's bell"},
    {"futex", {is(1, FUTEX_WAIT_BITSET, kFutexCommand)}, "locks with a deadline"},
    {"futex", {is(1, FUTEX_WAKE_BITSET, kFutexCommand)}, "locks with a deadline"},
    {"futex_waitv", {}, "the plugin's sleep until one of several bells rings"},
    {"sched_yield", {}, "spinning politely"},
    {"nanosleep", {}, "sleeping"},
    {"clock_nanosleep", {}, "sleeping"},
    {"pause", {}, "waiting for the end"},
    {"restart_syscall", {}, "a sleep that a signal interrupted goes on"},

    // Time, where the kernel does not give it without a call.
    {"clock_gettime", {}, "time"},
    {"clock_getres", {}, "time"},
    {"gettimeofday", {}, "time"},
    {"time", {}, "time"},

    // The process's own memory: private, never executable.
    {"mmap", {is(2, 0, PROT_EXEC), is(3, MAP_PRIVATE | MAP_ANONYMOUS, kKindOfMemory | MAP_ANONYMOUS)}, "heap, stacks"},
    {"mmap",
     {is(2, 0, PROT_EXEC), is(3, MAP_PRIVATE, kKindOfMemory | MAP_ANONYMOUS), opened(4)},
     "copies of open files"},
    {"mprotect", {is(2, 0, PROT_EXEC)}, "heap, stacks, relocated tables"},
    {"munmap", {}, "memory goes"},
    {"mremap", {}, "large blocks grow; protection and sharing stay"},
    {"brk", {}, "heap"},
    {"madvise", {is(2, MADV_NORMAL)}, "advice that changes nothing but speed ..."},
    {"madvise", {is(2, MADV_RANDOM)}, "..."},
    {"madvise", {is(2, MADV_SEQUENTIAL)}, "..."},
    {"madvise", {is(2, MADV_WILLNEED)}, "..."},
    {"madvise",
     {is(2, MADV_DONTNEED)},
     "... and memory given back; of shared memory it drops only this mapping's pages"},
    {"madvise", {is(2, MADV_FREE)}, "memory given back"},
    {"madvise", {is(2, MADV_HUGEPAGE)}, "..."},
    {"madvise", {is(2, MADV_NOHUGEPAGE)}, "..."},

    // Descriptors that are there. None of these makes one.
    {"read", {opened(0)}, "declared files"},
    {"read", {is(0, 0)}, "standard input, which is empty"},
    {"readv", {opened(0)}, "declared files"},
    {"pread64", {opened(0)}, "declared files; the dynamic linker"},
    {"write", {}, "standard output and error"},
    {"writev", {}, "standard output and error"},
    {"close", {}, "descriptors go"},
    {"lseek", {opened(0)}, "declared files; not the host's standard output, whose place others share"},
    {"sendmsg", {opened(0)}, "the control socket"},
    {"recvmsg", {opened(0)}, "the control socket"},
    {"poll", {}, "waiting for the control socket"},
    {"ppoll", {}, "the same"},
    {"select", {}, "the same; sleeping"},
    {"pselect6", {}, "the same; sleeping"},
    {"fcntl", {is(1, F_GETFD)}, "asking ..."},
    {"fcntl", {is(1, F_SETFD)}, "... and setting close-on-exec, where nothing is ever executed"},
    {"fcntl", {is(1, F_GETFL)}, "stdio asks how a file was opened"},
    {"fcntl", {is(1, F_GET_SEALS)}, "the loader checks that the plugin's memory is sealed"},
    {"ioctl", {is(1, TCGETS)}, "stdio asks whether its output is a terminal"},

    // Threads about themselves.
    {"exit", {}, "a thread ends"},
    {"exit_group", {}, "the process ends"},
    {"set_robust_list", {}, "each new thread"},
    {"rseq", {}, "each new thread"},
    {"set_tid_address", {}, "each new thread"},
    {"gettid", {}, "identity"},
    {"getpid", {}, "identity"},
    {"getppid", {}, "identity"},
    {"getuid", {}, "identity"},
    {"geteuid", {}, "identity"},
    {"getgid", {}, "identity"},
    {"getegid", {}, "identity"},
    {"getcpu", {}, "allocators ask where they run"},
    {"sched_getaffinity", {}, "how many threads make sense"},
    {"getrlimit", {}, "stack sizes"},
    {"prlimit64", {is(0, 0, kAll), is(2, 0, kAll)}, "stack sizes: reading one's own limits"},
    {"sysinfo", {}, "qsort asks how much memory there is"},
    {"getrandom", {}, "random numbers"},
    {"prctl", {is(0, PR_SET_NAME)}, "a thread's name"},
    {"prctl", {is(0, PR_GET_NAME)}, "a thread's name"},

    // Signals to nobody else.
    {"rt_sigprocmask", {}, "each new thread; abort"},
    {"rt_sigreturn", {}, "a handler ends"},
    {"rt_sigaction", {is_not(0, SIGSYS)}, "crash reports; what a plugin handles is its own"},
    {"sigaltstack", {}, "crash reports of a stack that is used up"},

#ifdef SHUNT_SANITIZED
    // Also between the filter and the moment when the warden has its listener, when nobody would answer.
    {"pipe2", {}, "a sanitizer looks at memory by writing it to a pipe"},
#endif
};

}  // namespace

std::span<const AllowedCall> allowed_calls() noexcept { return kAllowed; }

}  // namespace shunt::launcher
