/// The rest of the kernel: interfaces that a plugin has no use for and that have had holes.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

int make_ring(const Stage&) {
  io_uring_params parameters{};
  return result_of(::syscall(SYS_io_uring_setup, 1, &parameters));
}

/// Ordinary users may be refused this one; the kernel has looked at it then.
int load_program(const Stage&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return reached_with(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)), EPERM);
}

int count_events(const Stage&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  return reached_with(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0), EACCES);
}

/// Without the flag that ordinary users need, EPERM is the kernel's own answer.
int handle_faults(const Stage&) { return reached_with(::syscall(SYS_userfaultfd, 0), EPERM); }

int ask_for_keys(const Stage&) {
  return result_of(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}
int add_key(const Stage&) {
  return result_of(::syscall(SYS_add_key, "user", "shunt-hostile", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

int change_segments(const Stage&) {
  std::array<char, 64> table{};
  return result_of(::syscall(SYS_modify_ldt, 0, table.data(), table.size()));
}

int call_with_other_numbers(const Stage&) {
#if defined(__x86_64__)
  constexpr long kX32 = 0x4000'0000;
  // A kernel without that interface says ENOSYS; it has looked at the number all the same.
  return reached_with(::syscall(kX32 + SYS_getpid), ENOSYS);
#else
  return ENOSYS;
#endif
}

int call_by_interrupt(const Stage&) {
#if defined(__x86_64__)
  long result = 20;  // getpid, as 32-bit programs number it
  __asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
  return result > 0 ? 0 : static_cast<int>(-result);
#else
  return ENOSYS;
#endif
}

int ask_for_names(const Stage&) {
  utsname names{};
  return result_of(::uname(&names));
}

int watch_signals(const Stage&) {
  sigset_t set;
  sigemptyset(&set);
  return result_of(::signalfd(-1, &set, 0));
}

int set_timer(const Stage&) {
  timer_t timer{};
  sigevent nothing{};
  nothing.sigev_notify = SIGEV_NONE;
  return result_of(::syscall(SYS_timer_create, CLOCK_MONOTONIC, &nothing, &timer));
}

int open_queue(const Stage&) { return reached_with(::syscall(SYS_mq_open, "shunt-hostile", 0, 0, nullptr), ENOENT); }

int change_clock(const Stage&) {
  constexpr timespec kImpossible{-1, 0};
  return reached_with(::syscall(SYS_clock_settime, CLOCK_REALTIME, &kImpossible), EINVAL);
}

constexpr std::array kActs{
    Act{"kernel", "io_uring", Stop::Denied, make_ring},
    Act{"kernel", "bpf", Stop::Denied, load_program},
    Act{"kernel", "perf_event_open", Stop::Denied, count_events},
    Act{"kernel", "userfaultfd", Stop::Denied, handle_faults},
    Act{"kernel", "keyctl", Stop::Denied, ask_for_keys},
    Act{"kernel", "add_key", Stop::Denied, add_key},
    Act{"kernel", "modify_ldt", Stop::Denied, change_segments},
    Act{"kernel", "personality", Stop::Denied, [](const Stage&) { return result_of(::personality(0xffffffff)); }},
    Act{"kernel", "x32_call", Stop::Killed, call_with_other_numbers},
    Act{"kernel", "int_0x80", Stop::Killed, call_by_interrupt},
    Act{"kernel", "epoll", Stop::Denied, [](const Stage&) { return result_of(::epoll_create1(0)); }},
    Act{"kernel", "eventfd", Stop::Denied, [](const Stage&) { return result_of(::eventfd(0, 0)); }},
    Act{"kernel", "timerfd", Stop::Denied,
        [](const Stage&) { return result_of(::timerfd_create(CLOCK_MONOTONIC, 0)); }},
    Act{"kernel", "signalfd", Stop::Denied, watch_signals},
    Act{"kernel", "timer", Stop::Denied, set_timer},
    Act{"kernel", "system_v_memory", Stop::Denied,
        [](const Stage&) { return reached_with(::shmget(0x5417, 0, 0), ENOENT); }},
    Act{"kernel", "system_v_semaphore", Stop::Denied,
        [](const Stage&) { return reached_with(::semget(0x5417, 0, 0), ENOENT); }},
    Act{"kernel", "system_v_queue", Stop::Denied,
        [](const Stage&) { return reached_with(::msgget(0x5417, 0), ENOENT); }},
    Act{"kernel", "message_queue", Stop::Denied, open_queue},
    Act{"kernel", "names", Stop::Denied, ask_for_names},
    Act{"kernel", "kernel_log", Stop::Denied,
        [](const Stage&) { return reached_with(::syscall(SYS_syslog, 10, 0, 0), EPERM); }},
    Act{"kernel", "set_clock", Stop::Denied, change_clock},
};

}  // namespace

std::span<const Act> kernel_acts() { return kActs; }

}  // namespace shunt::hostile
