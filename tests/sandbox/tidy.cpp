/// Does in each phase what it is configured to, and tells how that went.
#include "tidy_contract.hpp"
#include "undecided_calls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <latch>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace {

using tidy::Deed;

int read_file(const std::string& path, std::string& text) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  text.resize(4096);
  const ssize_t count = ::read(fd, text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  ::close(fd);
  return 0;
}

int start_thread() {
  try {
    std::thread{[] {}}.join();
    return 0;
  } catch (const std::system_error& problem) {
    return problem.code().value();
  }
}

/// As many of `wanted` threads as there can be at one time; what stopped it.
int crowd(std::size_t wanted, std::string& text) {
  std::mutex gate;
  std::unique_lock closed{gate};
  std::vector<std::thread> threads;
  int stopped_by = 0;
  try {
    while (threads.size() < wanted) threads.emplace_back([&gate] { const std::lock_guard wait{gate}; });
  } catch (const std::system_error& problem) {
    stopped_by = problem.code().value();
  }
  text = std::to_string(threads.size());
  closed.unlock();
  for (std::thread& each : threads) each.join();
  return stopped_by;
}

/// As many as may be pending, or 1000; what stopped it. None of them is left.
int queue_signals(std::string& text) {
  constexpr int kEnough = 1000;
  const int number = SIGRTMIN;  // of the others only one of each is ever pending
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, number);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  int pending = 0;
  while (pending < kEnough && ::tgkill(::getpid(), ::gettid(), number) == 0) ++pending;
  const int stopped_by = pending < kEnough ? errno : 0;
  ::signal(number, SIG_IGN);  // which takes those that are pending away
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  text = std::to_string(pending);
  return stopped_by;
}

/// All of `threads` have allocated before the first of them ends: none takes over what another one had.
std::size_t arenas_of(std::int64_t threads) {
  std::latch allocated{threads};
  std::vector<std::thread> crowd;
  for (std::int64_t i = 0; i < threads; ++i)
    crowd.emplace_back([&allocated] {
      void* volatile own = std::malloc(1);
      allocated.arrive_and_wait();
      std::free(own);
    });
  for (std::thread& each : crowd) each.join();
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const stream = ::open_memstream(&text, &size);
  ::malloc_info(0, stream);
  std::fclose(stream);
  const std::string_view heap = "<heap nr=";
  std::size_t count = 0;
  for (std::string_view rest{text, size}; rest.find(heap) != std::string_view::npos; ++count)
    rest.remove_prefix(rest.find(heap) + heap.size());
  std::free(text);
  return count;
}

/// What the manifest declares.
int call(std::string& machine) {
  utsname names{};
  if (::uname(&names) != 0) return errno;
  machine = names.nodename;
  return 0;
}

#ifdef TIDY_CALLS_AT_LOAD
std::string machine_at_load;
const int kCalledAtLoad = call(machine_at_load);
#else
const int kCalledAtLoad = 0;
#endif

int attempt(const std::string& what) {
  std::string ignored;
  if (what.starts_with("read ")) return read_file(what.substr(5), ignored);
  if (what == "call") return call(ignored);
  if (what == "call at load") return kCalledAtLoad;
  return what == "thread" ? start_thread() : 0;
}

class Tidy final : public tidy::Contract {
  shunt::Status init(const tidy::Config& config) override {
    config_ = config;
    return enter("init", config_.in_init);
  }
  shunt::Status validate() override { return enter("validate", config_.in_validate); }
  shunt::Status activate() override { return enter("activate", config_.in_activate); }
  void cleanup() noexcept override { static_cast<void>(attempt(config_.in_cleanup)); }

  shunt::Status act(const shunt::Context&, const tidy::Order& order, shunt::Reply<tidy::Outcome>& reply) override {
    std::string text;
    const int stopped_by = do_as_told(order, text);
    return reply.send([&](auto& build) { return tidy::CreateOutcome(build, stopped_by, build.CreateString(text)); });
  }

  int do_as_told(const tidy::Order& order, std::string& text) {
    const std::string path = order.text() == nullptr ? "" : order.text()->str();
    switch (order.deed()) {
      case Deed::Tell: text = told_; return 0;
      case Deed::Read: {  // by stdio, as people do
        std::ifstream file{path};
        if (!file) return errno;
        std::getline(file, text);
        return 0;
      }
      case Deed::Ask: {
        struct stat about {};
        if (::stat(path.c_str(), &about) != 0) return errno;
        text = std::to_string(about.st_size);
        return 0;
      }
      case Deed::Thread: return start_thread();
      case Deed::Touch: return touch(megabytes(order), PROT_READ | PROT_WRITE);
      case Deed::Deny:
        for (std::int64_t i = 0; i < order.number(); ++i) ::chdir("/");
        return 0;
      case Deed::Call: return call(text);
      case Deed::Sweep: return sweep(text);
      case Deed::Look: {
        utsname names{};
        const char* const machine = ::uname(&names) == 0 ? names.nodename : "?";
        text = std::to_string(::getpid()) + " " + std::to_string(::getuid()) + " " + machine;
        return 0;
      }
      case Deed::Raw: return ::syscall(order.number(), 1, 2, 3, 4, 5, 6) < 0 ? errno : 0;
      case Deed::Futex: return try_futexes();
      case Deed::Root: return open_root();
      case Deed::Crowd: return crowd(static_cast<std::size_t>(order.number()), text);
      case Deed::Reserve: return reserve(static_cast<std::size_t>(order.number()));
      case Deed::Hide: return touch(megabytes(order), PROT_READ);
      case Deed::Queue: return queue_signals(text);
      case Deed::Arenas: text = std::to_string(arenas_of(order.number())); return 0;
    }
    return EINVAL;
  }

  /// Every operation of a futex but waiting and waking, with every flag. How many were denied.
  static int try_futexes() {
    constexpr int kOperations = 128;
    constexpr int kFlags = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
    constexpr std::array kAllowed{FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET};
    std::array<std::uint32_t, 2> words{};
    int denied = 0;
    for (int operation = 0; operation < kOperations + kFlags; ++operation) {
      if (std::ranges::find(kAllowed, operation % kOperations) != kAllowed.end()) continue;
      const long returned = ::syscall(SYS_futex, words.data(), operation, 0, 0, words.data() + 1, 0);
      if (returned == -1 && errno == ENOSYS) ++denied;
    }
    return denied;
  }

  /// The folder that everybody may read, by a call that the manifest has granted: the warden lets it through, whatever
  /// it opens. Where nobody judges it is denied, and the older one gets as far.
  static int open_root() {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC;
    long root = ::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
    if (root < 0 && errno == ENOSYS) root = ::open("/", O_RDONLY | O_CLOEXEC);
    if (root < 0) return errno;
    ::close(static_cast<int>(root));
    return 0;
  }

  /// Tries every call but those that are allowed, with nothing for arguments. How many were denied; in `text` the
  /// others.
  static int sweep(std::string& text) {
    int denied = 0;
    for (const long number : shunt::test::undecided_calls()) {
      if (::syscall(number, 0, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS) ++denied;
      else text += std::to_string(number) + " ";
    }
    return denied;
  }

  static std::size_t megabytes(const tidy::Order& order) { return static_cast<std::size_t>(order.number()) << 20; }

  static void* map(std::size_t bytes) {
    return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  static int touch(std::size_t bytes, int protection) {
    void* const memory = map(bytes);
    if (memory == MAP_FAILED) return errno;
    std::memset(memory, 1, bytes);
    return ::mprotect(memory, bytes, protection) == 0 ? 0 : errno;
  }

  static int reserve(std::size_t bytes) {
    void* const memory = map(bytes);
    if (memory == MAP_FAILED) return errno;
    ::munmap(memory, bytes);
    return 0;
  }

  shunt::Status enter(const char* phase, const std::string& what) {
    if (!what.empty()) told_ += std::string{phase} + " " + std::to_string(attempt(what)) + ";";
    return {};
  }

  tidy::Config config_;
  std::string told_;
};

}  // namespace

SHUNT_PLUGIN(Tidy)
