/// Processes that are there already: other plugins, the host, and what they keep to themselves.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

constexpr std::size_t kPage = 4096;

std::string path_of(const Stage& stage, const std::string& what) {
  return "/proc/" + std::to_string(stage.stranger) + "/" + what;
}

/// All of its memory, as another plugin's, by the file that the kernel shows it as.
int read_memory_as_file(const Stage& stage) {
  const int memory = ::open(path_of(stage, "mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return errno;
  std::array<char, 8> bytes{};
  return result_of(::pread(memory, bytes.data(), bytes.size(), reinterpret_cast<std::intptr_t>(stage.shared)));
}
int write_memory_as_file(const Stage& stage) {
  const int memory = ::open(path_of(stage, "mem").c_str(), O_RDWR | O_CLOEXEC);
  if (memory < 0) return errno;
  const std::array<char, 8> bytes{};
  return result_of(::pwrite(memory, bytes.data(), bytes.size(), reinterpret_cast<std::intptr_t>(stage.shared)));
}

/// Memory that it holds by a descriptor, as hosts hold the inbound pool of every compartment.
int map_inbound(const Stage& stage, int flags, int protection) {
  const auto path = path_of(stage, "fd/" + std::to_string(stage.strangers_descriptor));
  const int pool = ::open(path.c_str(), flags | O_CLOEXEC);
  if (pool < 0) return errno;
  return ::mmap(nullptr, kPage, protection, MAP_SHARED, pool, 0) == MAP_FAILED ? errno : 0;
}

int read_strangers_memory(const Stage& stage) {
  std::array<char, 8> bytes{};
  const iovec local{bytes.data(), bytes.size()};
  const iovec remote{stage.shared, bytes.size()};  // the stranger has it at the same place
  return result_of(::process_vm_readv(stage.stranger, &local, 1, &remote, 1, 0));
}

int write_strangers_memory(const Stage& stage) {
  std::array<char, 8> bytes{};
  const iovec local{bytes.data(), bytes.size()};
  const iovec remote{stage.shared, bytes.size()};
  return result_of(::process_vm_writev(stage.stranger, &local, 1, &remote, 1, 0));
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
    Act{"strangers", "trace_stranger", Stop::Denied, "ptrace",
        [](const Stage& s) { return result_of(::ptrace(PTRACE_SEIZE, s.stranger, 0, 0)); }},
    Act{"strangers", "signal_stranger", Stop::Denied, "kill",
        [](const Stage& s) { return result_of(::kill(s.stranger, 0)); }},
    Act{"strangers", "signal_everybody", Stop::Denied, "kill", [](const Stage&) { return result_of(::kill(-1, 0)); }},
    Act{"strangers", "signal_strangers_thread", Stop::Denied, "tgkill",
        [](const Stage& s) { return result_of(::syscall(SYS_tgkill, s.stranger, s.stranger, 0)); }},
    Act{"strangers", "signal_by_thread_number", Stop::Denied, "tkill",
        [](const Stage& s) { return result_of(::syscall(SYS_tkill, s.stranger, 0)); }},
    Act{"strangers", "queue_signal", Stop::Denied, "rt_sigqueueinfo", queue_signal},
    Act{"strangers", "name_stranger", Stop::Denied, "pidfd_open",
        [](const Stage& s) { return result_of(::syscall(SYS_pidfd_open, s.stranger, 0)); }},
    Act{"strangers", "signal_by_descriptor", Stop::Denied, "pidfd_send_signal", signal_by_pidfd},
    Act{"strangers", "steal_descriptor", Stop::Denied, "pidfd_getfd", steal_descriptor},
    Act{"strangers", "read_strangers_memory", Stop::Denied, "process_vm_readv", read_strangers_memory},
    Act{"strangers", "write_strangers_memory", Stop::Denied, "process_vm_writev", write_strangers_memory},
    Act{"strangers", "ask_strangers_limits", Stop::Denied, "prlimit64", limit_stranger},
    Act{"strangers", "move_stranger", Stop::Denied, "sched_setaffinity", move_stranger},
    Act{"strangers", "compare_with_stranger", Stop::Denied, "kcmp", compare_with_stranger},
    Act{"strangers", "read_memory_as_file", Stop::Denied, "openat", read_memory_as_file},
    Act{"strangers", "write_memory_as_file", Stop::Denied, "openat", write_memory_as_file},
    Act{"strangers", "read_others_inbound", Stop::Denied, "openat",
        [](const Stage& s) { return map_inbound(s, O_RDONLY, PROT_READ); }},
    Act{"strangers", "write_others_inbound", Stop::Denied, "openat",
        [](const Stage& s) { return map_inbound(s, O_RDWR, PROT_READ | PROT_WRITE); }},
    Act{"strangers", "list_others_descriptors", Stop::Denied, "openat",
        [](const Stage& s) { return result_of(::open(path_of(s, "fd").c_str(), O_RDONLY | O_DIRECTORY)); }},
};

}  // namespace

std::span<const Act> stranger_acts() { return kActs; }

}  // namespace shunt::hostile
