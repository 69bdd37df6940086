/// The rest of the kernel: interfaces that a plugin has no use for and that have had holes.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>

#if defined(__x86_64__)
#include <asm/ldt.h>
#endif
#include <fcntl.h>
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
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

int make_ring(const Stage&) {
  io_uring_params parameters{};
  return result_of(::syscall(SYS_io_uring_setup, 1, &parameters));
}

int load_program(const Stage&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return result_of(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

int count_events(const Stage&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  return result_of(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

/// Faults of the kernel's own are for root alone; those of the program anybody may handle.
int handle_faults(const Stage&) {
  constexpr int kUserModeOnly = 1;
  return result_of(::syscall(SYS_userfaultfd, kUserModeOnly));
}

int ask_for_keys(const Stage&) {
  return result_of(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}
int add_key(const Stage&) {
  return result_of(::syscall(SYS_add_key, "user", "shunt-hostile", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

int change_segments(const Stage&) {
#if defined(__x86_64__)
  user_desc segment{};
  segment.limit = 0xfffff;
  segment.seg_32bit = 1;
  segment.limit_in_pages = 1;
  segment.useable = 1;
  constexpr int kWrite = 1;
  // Its own errors come back as 32 bits, which are no errors to the C library.
  const auto returned = static_cast<int>(::syscall(SYS_modify_ldt, kWrite, &segment, sizeof(segment)));
  return returned < -1 ? -returned : result_of(returned);
#else
  return ENOSYS;
#endif
}

int call_with_other_numbers(const Stage&) {
#if defined(__x86_64__)
  constexpr long kX32 = 0x4000'0000;
  return result_of(::syscall(kX32 + SYS_getpid));
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

/// What System V has made outlives its process: it is taken away at once.
int make_segment(const Stage&) {
  const int segment = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  const int result = result_of(segment);
  if (segment >= 0) ::shmctl(segment, IPC_RMID, nullptr);
  return result;
}
int make_semaphore(const Stage&) {
  const int semaphore = ::semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
  const int result = result_of(semaphore);
  if (semaphore >= 0) ::semctl(semaphore, 0, IPC_RMID);
  return result;
}
int make_queue(const Stage&) {
  const int queue = ::msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  const int result = result_of(queue);
  if (queue >= 0) ::msgctl(queue, IPC_RMID, nullptr);
  return result;
}

int open_queue(const Stage&) {
  const std::string name = "shunt-hostile-" + std::to_string(::getpid());
  const long queue = ::syscall(SYS_mq_open, name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, nullptr);
  const int result = result_of(queue);
  if (queue >= 0) ::syscall(SYS_mq_unlink, name.c_str());
  return result;
}

/// Changes nothing, which everybody may; what it would change goes by the same call.
int adjust_clock(const Stage&) {
  timex nothing{};
  return result_of(::syscall(SYS_clock_adjtime, CLOCK_REALTIME, &nothing));
}

constexpr std::array kActs{
    Act{"kernel", "io_uring", Stop::Denied, "io_uring_setup", make_ring},
    Act{"kernel", "bpf", Stop::Denied, "bpf", load_program},
    Act{"kernel", "perf_event_open", Stop::Denied, "perf_event_open", count_events},
    Act{"kernel", "userfaultfd", Stop::Denied, "userfaultfd", handle_faults},
    Act{"kernel", "keyctl", Stop::Denied, "keyctl", ask_for_keys},
    Act{"kernel", "add_key", Stop::Denied, "add_key", add_key},
    Act{"kernel", "modify_ldt", Stop::Denied, "modify_ldt", change_segments},
    Act{"kernel", "personality", Stop::Denied, "personality",
        [](const Stage&) { return result_of(::personality(ADDR_NO_RANDOMIZE)); }},
    Act{"kernel", "x32_call", Stop::Killed, "", call_with_other_numbers},
    Act{"kernel", "int_0x80", Stop::Killed, "", call_by_interrupt},
    Act{"kernel", "epoll", Stop::Denied, "epoll_create1", [](const Stage&) { return result_of(::epoll_create1(0)); }},
    Act{"kernel", "eventfd", Stop::Denied, "eventfd2", [](const Stage&) { return result_of(::eventfd(0, 0)); }},
    Act{"kernel", "timerfd", Stop::Denied, "timerfd_create",
        [](const Stage&) { return result_of(::timerfd_create(CLOCK_MONOTONIC, 0)); }},
    Act{"kernel", "signalfd", Stop::Denied, "signalfd4", watch_signals},
    Act{"kernel", "timer", Stop::Denied, "timer_create", set_timer},
    Act{"kernel", "system_v_memory", Stop::Denied, "shmget", make_segment},
    Act{"kernel", "system_v_semaphore", Stop::Denied, "semget", make_semaphore},
    Act{"kernel", "system_v_queue", Stop::Denied, "msgget", make_queue},
    Act{"kernel", "message_queue", Stop::Denied, "mq_open", open_queue},
    Act{"kernel", "names", Stop::Denied, "uname", ask_for_names},
    Act{"kernel", "kernel_log", Stop::Denied, "syslog",
        [](const Stage&) { return result_of(::syscall(SYS_syslog, 10, 0, 0)); }},
    Act{"kernel", "adjust_clock", Stop::Denied, "clock_adjtime", adjust_clock},
};

}  // namespace

std::span<const Act> kernel_acts() { return kActs; }

}  // namespace shunt::hostile
