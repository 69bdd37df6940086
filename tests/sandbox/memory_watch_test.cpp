/// What the warden tells of a process's memory, look by look.
#include "sandbox/memory_watch.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kHigh = 64 * kMiB;
constexpr std::uint64_t kLimit = 128 * kMiB;

/// A process that uses as much private memory as it is told to.
class Hoarder {
 public:
  static constexpr std::int64_t kTables = 1 << 20;  ///< To use(): pages that are only read, and need 160 MiB of tables.

  Hoarder() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::system_error(errno, std::generic_category(), "socketpair");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ends[0]);
      serve(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    order_ = bus::UniqueFd{ends[0]};
  }
  ~Hoarder() {
    order_.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  Hoarder(const Hoarder&) = delete;
  Hoarder& operator=(const Hoarder&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// So many MiB more; negative: the last piece, whatever its size, is given back; 0: the first thread ends.
  void use(std::int64_t mebibytes) const {
    std::int64_t done = 0;
    if (::write(order_.get(), &mebibytes, sizeof(mebibytes)) != sizeof(mebibytes) ||
        ::read(order_.get(), &done, sizeof(done)) != sizeof(done))
      throw std::system_error(errno, std::generic_category(), "telling the hoarder");
  }

 private:
  /// Two pages on each side of a GiB's end have no table in common.
  static void read_far_apart() {
    constexpr std::uintptr_t kPage = 4096;
    int pairs = 0;
    for (std::uintptr_t gib = 2; pairs < 10'000 && gib < 131'000; gib += 2) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): a place, at which nothing is yet.
      void* const place = reinterpret_cast<void*>((gib << 30) - kPage);
      constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
      void* const memory = ::mmap(place, 2 * kPage, PROT_READ, kFlags, -1, 0);
      if (memory == MAP_FAILED) continue;
      const volatile char* const bytes = static_cast<const char*>(memory);
      static_cast<void>(bytes[0] + bytes[kPage]);
      ++pairs;
    }
  }
  static void serve(int order) {
    std::vector<std::pair<void*, std::size_t>> pieces;
    for (std::int64_t mebibytes = 0; ::read(order, &mebibytes, sizeof(mebibytes)) == sizeof(mebibytes);) {
      if (mebibytes == 0) {
        std::thread{[order] {
          static_cast<void>(::write(order, "another", sizeof(std::int64_t)));
          serve(order);
          ::_exit(0);
        }}.detach();
        ::syscall(SYS_exit, 0);
      } else if (mebibytes == kTables) {
        read_far_apart();
      } else if (mebibytes < 0) {
        ::munmap(pieces.back().first, pieces.back().second);
        pieces.pop_back();
      } else {
        const std::size_t bytes = static_cast<std::size_t>(mebibytes) * kMiB;
        void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        std::memset(memory, 1, bytes);
        pieces.emplace_back(memory, bytes);
      }
      static_cast<void>(::write(order, &mebibytes, sizeof(mebibytes)));
    }
  }

  pid_t pid_ = -1;
  bus::UniqueFd order_;
};

class MemoryIn : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory is private, too";
  }

  Hoarder hoarder_;
};

TEST_F(MemoryIn, use_below_the_mark_is_not_told_and_above_it_once) {
  MemoryWatch watch{hoarder_.pid(), kHigh, kLimit};

  hoarder_.use(40);
  EXPECT_FALSE(watch.look());
  EXPECT_GE(watch.last_seen(), 40 * kMiB);
  hoarder_.use(30);
  const auto told = watch.look();
  hoarder_.use(10);
  const auto again = watch.look();

  ASSERT_TRUE(told);
  EXPECT_GE(told->bytes, kHigh);
  EXPECT_LT(told->bytes, 80 * kMiB);
  EXPECT_EQ(told->limit, kLimit);
  EXPECT_FALSE(told->ended);
  EXPECT_FALSE(again);
}

TEST_F(MemoryIn, use_is_told_again_after_a_tenth_less_was_and_not_after_less_than_that) {
  MemoryWatch watch{hoarder_.pid(), kHigh, kLimit};
  hoarder_.use(62);
  hoarder_.use(4);
  ASSERT_TRUE(watch.look());

  hoarder_.use(-1);
  EXPECT_FALSE(watch.look()) << "62 MiB, and what it has itself";
  hoarder_.use(4);
  EXPECT_FALSE(watch.look()) << "that was less than a tenth";
  hoarder_.use(-1);
  hoarder_.use(-1);
  EXPECT_FALSE(watch.look());
  hoarder_.use(66);

  EXPECT_TRUE(watch.look());
}

TEST_F(MemoryIn, use_beyond_the_limit_ends_it) {
  MemoryWatch watch{hoarder_.pid(), kHigh, kLimit};
  hoarder_.use(120);
  const auto below = watch.look();
  hoarder_.use(10);

  const auto beyond = watch.look();

  ASSERT_TRUE(below);
  EXPECT_FALSE(below->ended);
  ASSERT_TRUE(beyond);
  EXPECT_TRUE(beyond->ended);
  EXPECT_GT(beyond->bytes, kLimit);
}

TEST_F(MemoryIn, use_is_seen_when_the_first_thread_has_ended_too) {
  MemoryWatch watch{hoarder_.pid(), kHigh, kLimit};
  hoarder_.use(0);
  const auto has_ended = [&] {
    std::uint64_t pages = 1;
    std::ifstream{fmt::format("/proc/{}/statm", hoarder_.pid())} >> pages;
    return pages == 0;
  };
  for (int i = 0; i < 30'000 && !has_ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  ASSERT_TRUE(has_ended());
  hoarder_.use(130);

  const auto seen = watch.look();

  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->ended);
}

TEST_F(MemoryIn, use_by_the_kernels_tables_of_pages_counts_too) {
  MemoryWatch watch{hoarder_.pid(), kHigh, kLimit};
  hoarder_.use(Hoarder::kTables);

  const auto seen = watch.look();

  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->ended);
}

TEST_F(MemoryIn, use_is_not_told_where_no_mark_is_set) {
  MemoryWatch watch{hoarder_.pid(), 0, kLimit};

  hoarder_.use(100);

  EXPECT_FALSE(watch.look());
  EXPECT_TRUE(watch.is_wanted()) << "for its limit";
  EXPECT_FALSE((MemoryWatch{hoarder_.pid(), 0, 0}.is_wanted()));
}

}  // namespace
}  // namespace shunt::launcher
