/// What the filter says of arguments, by itself: tried in processes that have nothing else.
#include "sandbox/filter.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

/// What `call` ends with in a process of its own below the filter: 0 or an errno.
int filtered(const std::function<long()>& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto filter = build_filter(Undecided::Refuse);
    if (!filter || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !install_filter(*filter)) ::_exit(255);
    ::_exit(call() == -1 ? errno : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr long kBeyondInt = 1L << 32;  ///< In the half of a register that the kernel does not look at.

/// A file that can be read and written as descriptor 1, 2 and 5, as a terminal or `1<>log` would be.
class StandardOutput : public testing::Test {
 protected:
  static long with_file(const std::function<long()>& call) {
    const int file = ::memfd_create("terminal", 0);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO, 5}) ::dup2(file, fd);
    return filtered(call);
  }
  /// The test's own output must not be taken away.
  static int try_with_file(const std::function<long()>& call) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(static_cast<int>(with_file(call)));
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
};

TEST_F(StandardOutput, can_be_written_and_not_read_in_any_way) {
  char byte = 'x';
  iovec vector{&byte, 1};

  for (const long fd : {1L, 2L, kBeyondInt + 1, kBeyondInt + 2}) {
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_write, fd, &byte, 1); }), 0) << fd;
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_read, fd, &byte, 1); }), ENOSYS) << fd;
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_readv, fd, &vector, 1); }), ENOSYS) << fd;
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_pread64, fd, &byte, 1, 0); }), ENOSYS) << fd;
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_lseek, fd, 0, SEEK_SET); }), ENOSYS) << fd;
    EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0); }), ENOSYS) << fd;
  }
}

TEST_F(StandardOutput, is_told_apart_from_what_the_plugin_opened) {
  char byte = 'x';

  EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_read, 5L, &byte, 1); }), 0);
  EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_pread64, 5L, &byte, 1, 0); }), 0);
  EXPECT_EQ(try_with_file([&] { return ::syscall(SYS_lseek, 5L, 0, SEEK_SET); }), 0);
  for (const long fd : {3L, 4L, 1000L, 0x7fff'ffffL})
    EXPECT_NE(try_with_file([&] { return ::syscall(SYS_read, fd, &byte, 1); }), ENOSYS) << fd;
}

TEST(StandardInput, can_be_read) {
  char byte = 0;
  EXPECT_EQ(filtered([&] { return ::syscall(SYS_read, 0L, &byte, 0); }), 0);
}

struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

TEST(SignalHandlers, can_be_had_for_all_signals_but_the_one_of_the_filter) {
  KernelAction action{SIG_IGN, 0, nullptr, 0};
  const auto handle = [&](long signal) {
    return filtered([&] { return ::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof(action.mask)); });
  };

  for (long signal = 1; signal < _NSIG; ++signal) {
    if (signal == SIGSYS || signal == SIGKILL || signal == SIGSTOP) continue;
    EXPECT_EQ(handle(signal), 0) << signal;
  }
  EXPECT_EQ(handle(SIGSYS), ENOSYS);
  EXPECT_EQ(handle(kBeyondInt + SIGSYS), ENOSYS);
}

TEST(Mappings, are_private_and_none_grows_like_a_stack) {
  const auto map = [](long protection, long flags) {
    return filtered([&] { return ::syscall(SYS_mmap, 0, 4096, protection, flags, -1, 0) == -1 ? -1 : 0; });
  };

  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS), 0);
  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE), 0);
  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN), ENOSYS);
  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS), ENOSYS);
  EXPECT_EQ(map(PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_ANONYMOUS), ENOSYS);
  EXPECT_EQ(map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS), ENOSYS);
}

}  // namespace
}  // namespace shunt::launcher
