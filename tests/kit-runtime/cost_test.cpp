/// What a message costs the plugin process: no heap, and while spinning no system call.
#include "functions.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its allocator and its system calls are not ours
#else
constexpr bool kSanitized = false;
#endif

namespace shunt::test {
namespace {

using bus::Kind;
using bus::Ring;

/// A thousand messages of every kind that a spinning plugin serves.
void traffic(TestHost& host) {
  const std::string large(1000, 'l');
  for (int i = 0; i < 250; ++i) {
    host.call(kEcho, "inline");
    host.call(kEchoChunk, large);
    host.call(kPublish, i % 2 == 0 ? "news" : large);
    host.next(Ring::Data);
    host.send(Kind::Request, kCall, large);
    host.reply(host.next(Ring::Data).header, i % 2 == 0 ? "answer" : large);
    host.next(Ring::Reply);
  }
}

TestHostOptions spinning() {
  auto options = abi_plugin();
  options.plugin_wait = bus::Wait::Spin;
  options.host_sleeps = false;  // a sleeping host costs its waker a system call
  return options;
}

class Heap : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers bring their own heap";
    auto options = spinning();
    options.environment = {"LD_PRELOAD=" ALLOCATION_COUNTER};
    host_.emplace(std::move(options));
    host_->start();
    host_->activate();
    traffic(*host_);
  }

  std::uint64_t allocations() {
    std::uint64_t count = 0;
    std::memcpy(&count, host_->call(kAllocations).payload.data(), sizeof(count));
    return count;
  }

  std::optional<TestHost> host_;
};

TEST_F(Heap, a_thousand_messages_take_nothing_from_it) {
  const auto before = allocations();
  ASSERT_NE(before, UINT64_MAX) << "nothing is counted";

  traffic(*host_);

  EXPECT_EQ(allocations(), before);
}

TEST_F(Heap, one_allocation_in_a_handler_is_seen) {
  const auto before = allocations();

  host_->call(kAllocate);

  EXPECT_EQ(allocations(), before + 1);
}

TEST_F(Heap, a_refused_request_takes_nothing_from_it) {
  const auto before = allocations();

  for (int i = 0; i < 100; ++i) host_->call(kFail);

  EXPECT_EQ(allocations(), before);
}

class SystemCalls : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers call on their own";
    host_.emplace(spinning());
    host_->start();
    host_->activate();
    traffic(*host_);
    trace(serving_thread());
    if (traced_ == 0) GTEST_SKIP() << "this machine does not let one process trace its descendant";
  }

  ~SystemCalls() override {
    if (traced_ == 0) return;
    ::kill(host_->plugin_pid(), SIGKILL);
    while (::waitpid(traced_, nullptr, __WALL) > 0) {
    }
  }

  pid_t serving_thread() {
    for (const auto& task : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", host_->plugin_pid())}) {
      std::string name;
      std::ifstream{task.path() / "comm"} >> name;
      if (name == "shunt-serve") return std::stoi(task.path().filename());
    }
    return 0;
  }

  /// From now on the thread stops at its next system call.
  void trace(pid_t thread) {
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) != 0) return;
    traced_ = thread;
    ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    ::waitpid(thread, nullptr, __WALL);
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, nullptr);
  }

  std::optional<TestHost> host_;
  pid_t traced_ = 0;
};

TEST_F(SystemCalls, a_thousand_messages_make_none) {
  traffic(*host_);

  EXPECT_EQ(::waitpid(traced_, nullptr, __WALL | WNOHANG), 0) << "it stopped at a system call";
}

TEST_F(SystemCalls, one_in_a_handler_is_seen) {
  host_->send(Kind::Request, kSurroundings, {});

  int status = 0;
  EXPECT_EQ(::waitpid(traced_, &status, __WALL), traced_);
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80));
}

}  // namespace
}  // namespace shunt::test
