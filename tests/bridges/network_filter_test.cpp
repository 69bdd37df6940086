/// What a process can do behind the filter for the network: speak with it, and nothing else.

#include <shunt/plugin-kit/runtime/network_filter.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::kit {
namespace {

/// The errno of `act` in a process behind the filter; 0: it worked. `act` gives what is below 0 for a failure.
template <typename Act>
int behind_filter(Act&& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!install_network_filter()) ::_exit(255);
    errno = 0;
    ::_exit(act() < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(NetworkFilter, datagrams_threads_memory_and_reading_go_through) {
  EXPECT_EQ(behind_filter([] { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }), 0);
  EXPECT_EQ(behind_filter([] { return ::socket(AF_INET6, SOCK_DGRAM, 0); }), 0);
  EXPECT_EQ(behind_filter([] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }), 0);
  EXPECT_EQ(behind_filter([] { return ::open("/etc/hosts", O_RDONLY); }), 0);
  EXPECT_EQ(behind_filter([] {
              int ran = -1;
              std::thread([&] { ran = 0; }).join();
              return ran;
            }),
            0);
  EXPECT_EQ(behind_filter([] {
              void* const memory = std::malloc(8u << 20);
              const int got = memory == nullptr ? -1 : 0;
              std::free(memory);
              return got;
            }),
            0);
}

TEST(NetworkFilter, connections_and_sockets_of_the_machine_are_refused) {
  EXPECT_EQ(behind_filter([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::socket(AF_UNIX, SOCK_DGRAM, 0); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::socket(AF_PACKET, SOCK_RAW, 0); }), EPERM);
  int pair[2];
  EXPECT_EQ(behind_filter([&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair); }), EPERM);
}

TEST(NetworkFilter, processes_programs_and_signals_to_others_are_refused) {
  EXPECT_EQ(behind_filter([] { return ::fork(); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::execl("/bin/true", "true", nullptr); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::kill(::getppid(), 0); }), EPERM);
  EXPECT_EQ(behind_filter([] { return static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)); }), EPERM);
  EXPECT_EQ(behind_filter([] { return static_cast<int>(::syscall(SYS_ptrace, 16, ::getppid(), 0, 0)); }), EPERM);
}

TEST(NetworkFilter, code_that_was_not_there_and_files_that_are_written_are_refused) {
  const auto map = [](int protection) { return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); };
  EXPECT_EQ(behind_filter([&] { return map(PROT_READ | PROT_EXEC) == MAP_FAILED ? -1 : 0; }), EPERM);
  EXPECT_EQ(behind_filter([&] { return ::mprotect(map(PROT_READ | PROT_WRITE), 4096, PROT_READ | PROT_EXEC); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::open("/dev/null", O_WRONLY); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::open("/dev/null", O_RDWR); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::unlink("/no-such-file"); }), EPERM);
  EXPECT_EQ(behind_filter([] { return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)); }), EPERM);
  EXPECT_EQ(behind_filter([] { return static_cast<int>(::syscall(SYS_bpf, 0, nullptr, 0)); }), EPERM);
  EXPECT_EQ(behind_filter([] { return ::prctl(PR_SET_DUMPABLE, 1); }), EPERM);
}

}  // namespace
}  // namespace shunt::kit
