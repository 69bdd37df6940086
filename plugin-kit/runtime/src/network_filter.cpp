#include <shunt/plugin-kit/runtime/network_filter.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::kit {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#endif

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refuse(int code) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code); }
/// The half that counts: the kernel reads 32 bits of each of these arguments.
constexpr std::uint32_t argument(unsigned index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + std::size_t{8} * index);
}

class Program {
 public:
  Program() {
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0);
    end(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
  }
  void allow(std::initializer_list<long> calls) {
    for (const long each : calls) {
      add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(each), 0, 1);
      end(kAllow);
    }
  }
  void answer(long call, int code) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1);
    end(refuse(code));
  }
  /// If (argument & mask) is one of `values`.
  void allow_if(long call, unsigned index, std::uint32_t mask, std::initializer_list<std::uint32_t> values) {
    const auto behind = static_cast<std::uint8_t>(3 + 2 * values.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, behind);
    load(argument(index));
    add(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    for (const std::uint32_t each : values) {
      add(BPF_JMP | BPF_JEQ | BPF_K, each, 0, 1);
      end(kAllow);
    }
    end(refuse(EPERM));
  }
  /// Unless (argument & mask) is one of `values`; else what follows decides.
  void refuse_unless(long call, unsigned index, std::uint32_t mask, std::initializer_list<std::uint32_t> values) {
    auto left = static_cast<std::uint8_t>(values.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, static_cast<std::uint8_t>(4 + left));
    load(argument(index));
    add(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    for (const std::uint32_t each : values) add(BPF_JMP | BPF_JEQ | BPF_K, each, left--, 0);
    end(refuse(EPERM));
    load(offsetof(seccomp_data, nr));
  }
  std::vector<sock_filter>& finish() {
    end(refuse(EPERM));
    return instructions_;
  }

 private:
  void add(int code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
    instructions_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, value});
  }
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0); }
  void end(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }
  std::vector<sock_filter> instructions_;
};

Program program() {
  Program calls;
  // The data path first: waiting, clocks, and datagrams.
  calls.allow({SYS_futex,         SYS_sendmsg,         SYS_recvmsg,     SYS_sendto,       SYS_recvfrom, SYS_sendmmsg,
               SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep,   SYS_gettimeofday, SYS_ppoll,    SYS_pselect6,
               SYS_epoll_create1, SYS_epoll_ctl,       SYS_epoll_pwait, SYS_eventfd2,     SYS_pipe2,    SYS_read,
               SYS_write,         SYS_readv,           SYS_writev,      SYS_close,        SYS_fcntl,    SYS_lseek,
               SYS_pread64});
#ifdef SYS_poll
  calls.allow({SYS_poll, SYS_select, SYS_epoll_wait, SYS_pipe, SYS_alarm, SYS_stat, SYS_lstat});
#endif
  // Datagrams of the internet, and the kernel's list of interfaces. No connection, and none to another process's path.
  calls.refuse_unless(SYS_socket, 1, 0xf, {SOCK_DGRAM, SOCK_RAW});  // raw ones of the internet take a capability
  calls.allow_if(SYS_socket, 0, ~0u, {AF_INET, AF_INET6, AF_NETLINK});
  calls.allow({SYS_bind, SYS_connect, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_shutdown});
  calls.allow_if(SYS_ioctl, 1, 0xff00, {SIOCGIFNAME & 0xff00});
  // Memory of its own, and no code that it has not brought along.
  calls.allow_if(SYS_mmap, 2, 4, {0});  // PROT_EXEC
  calls.allow_if(SYS_mprotect, 2, 4, {0});
  calls.allow({SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk});
  // Threads, and no process: where clone3 is not there, the C library says by clone what it wants.
  calls.answer(SYS_clone3, ENOSYS);
  calls.allow_if(SYS_clone, 0, CLONE_THREAD, {CLONE_THREAD});
  calls.allow({SYS_exit,        SYS_exit_group,        SYS_set_robust_list, SYS_set_tid_address, SYS_rseq,
               SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid,          SYS_getpid,          SYS_getppid,
               SYS_getuid,      SYS_geteuid,           SYS_getgid,          SYS_getegid,         SYS_uname,
               SYS_sysinfo,     SYS_getrandom,         SYS_setitimer,       SYS_membarrier,      SYS_getcpu});
  calls.allow_if(SYS_prctl, 0, ~0u, {PR_SET_NAME, PR_GET_NAME});
  calls.allow_if(SYS_prlimit64, 2, ~0u, {0});  // looks, and sets nothing
  calls.allow(
      {SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_tgkill});
  // Files that Landlock lets through, for reading.
  calls.allow_if(SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, {O_RDONLY});
  calls.allow({SYS_newfstatat, SYS_fstat, SYS_statx, SYS_faccessat});
  return calls;
}

}  // namespace

Result<std::string> install_network_filter() {
#ifdef SHUNT_SANITIZED
  return error(ErrorCode::System, "built with sanitizers, which call for more");
#else
  Program calls = program();
  auto& instructions = calls.finish();
  const sock_fprog filter{static_cast<unsigned short>(instructions.size()), instructions.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
    return system_error("installing the filter");
  return std::string{"what is not for the network is refused"};
#endif
}

}  // namespace shunt::kit
