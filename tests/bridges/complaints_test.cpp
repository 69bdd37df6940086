/// What reaches the host's standard error of a process whose libraries print, whether somebody reads it or not.
#include <shunt/bridges/complaints.hpp>
#include <shunt/bus/unique_fd.hpp>

#include <array>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::bridges {
namespace {

class Complaints : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_ = bus::UniqueFd{ends[0]};
    write_ = bus::UniqueFd{ends[1]};
  }

  /// A process whose standard error is the pipe, and which ends with what `act` returns.
  template <typename Act>
  int in_a_process(Act&& act) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // it would wait for ever
      ::dup2(write_.get(), STDERR_FILENO);
      silence_output();
      ::_exit(act());
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void fill_the_pipe() {
    ::fcntl(write_.get(), F_SETFL, O_NONBLOCK);
    const std::array<char, 4096> page{};
    while (::write(write_.get(), page.data(), page.size()) > 0) {
    }
    while (::write(write_.get(), page.data(), 1) > 0) {
    }
    ::fcntl(write_.get(), F_SETFL, 0);
  }
  /// All that is in the pipe, with nobody left who writes.
  std::string read_all() {
    write_.reset();
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t bytes = 1; bytes > 0;) {
      bytes = ::read(read_.get(), part.data(), part.size());
      if (bytes > 0) all.append(part.data(), static_cast<std::size_t>(bytes));
    }
    return all;
  }

  bus::UniqueFd read_;
  bus::UniqueFd write_;
};

TEST_F(Complaints, come_through_and_what_libraries_print_does_not) {
  const int code = in_a_process([] {
    for (int line = 0; line < 100'000; ++line) std::fputs("a library complains without end\n", stderr);
    std::puts("and prints");
    std::fflush(stdout);
    complain("it was too much");
    return 3;
  });

  EXPECT_EQ(code, 3);
  EXPECT_EQ(read_all(), "it was too much\n");
}

TEST_F(Complaints, wait_for_nobody_who_does_not_read) {
  fill_the_pipe();

  const int code = in_a_process([] {
    complain("nobody reads this");
    return 3;
  });

  EXPECT_EQ(code, 3);
  EXPECT_EQ(read_all().find("nobody"), std::string::npos);
}

}  // namespace
}  // namespace shunt::bridges
