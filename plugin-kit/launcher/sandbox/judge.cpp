#include "judge.hpp"

#include "relaxed_calls.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

using control::Phase;

constexpr std::uint32_t kThreadsOfKit = 2 + kThreadsOfSanitizer;  // control and serving

/// What pthread_create asks for. A fork, a namespace or a foreign parent has other flags.
constexpr std::uint64_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
constexpr std::uint64_t kThreadFlagsToo =
    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_DETACHED;

constexpr std::uint64_t kLargeFile = 0100000;  // the kernel's O_LARGEFILE, which is 0 in the C library's headers
constexpr std::uint64_t kReadingFlags = O_CLOEXEC | kLargeFile | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;

}  // namespace

int Judge::decide(const Listener& listener, const WaitingCall& call) {
  switch (call.number) {
    case SYS_openat: return decide_open(listener, call);
#ifdef SYS_newfstatat
    case SYS_newfstatat: return decide_status(listener, call);
#endif
    case SYS_mmap: return decide_map(listener, call);
    case SYS_clone: return decide_clone(listener, call);
    case SYS_tgkill:
    case SYS_kill: return decide_signal(listener, call);
    default: return decide_granted(listener, call);
  }
}

bool Judge::may_read() const noexcept { return phase_ == Phase::Validate || phase_ == Phase::Activate; }

int Judge::decide_granted(const Listener& listener, const WaitingCall& call) const {
  // The whole call is granted, whatever its arguments: nothing hangs on memory that could change.
  const bool granted = phase_ == Phase::Activate && rules_.granted_calls.contains(call.number);
  if (granted || is_relaxed(call.number)) return listener.let_through(call), 0;
  listener.fail(call, ENOSYS);
  return ENOSYS;
}

int Judge::decide_open(const Listener& listener, const WaitingCall& call) {
  const std::uint64_t flags = call.arguments[2] & 0xffff'ffff;
  const auto path = (flags & ~kReadingFlags) == O_RDONLY ? read_text(call.thread, call.arguments[1]) : std::nullopt;
  if (path && listener.still_waits(call)) {
    if (phase_ == Phase::Load)
      if (const auto object = files_.open_object(*path)) return listener.give_file(call, object), 0;
    if (may_read() && files_.declares(*path)) {
      const auto file = files_.open_declared(*path);
      if (file) listener.give_file(call, file);
      else listener.fail(call, errno);  // as if the plugin had opened it itself: nothing was denied
      return 0;
    }
  }
  return decide_granted(listener, call);
}

/// fstat() is newfstatat() with an empty path, which is memory: so it is asked here, of the same open file.
int Judge::decide_status(const Listener& listener, const WaitingCall& call) {
  const auto path = read_text(call.thread, call.arguments[1]);
  if (!path || !listener.still_waits(call)) return decide_granted(listener, call);
  struct stat about {};
  if (path->empty() && (call.arguments[3] & AT_EMPTY_PATH) != 0) {
    const auto fd = static_cast<int>(call.arguments[0]);
    if (::stat(fmt::format("/proc/{}/fd/{}", call.thread, fd).c_str(), &about) != 0)
      return listener.fail(call, errno == ENOENT ? EBADF : errno), 0;
  } else if (may_read() && files_.declares(*path)) {
    const auto file = files_.open_declared(*path);
    if (!file || ::fstat(file.get(), &about) != 0) return listener.fail(call, errno), 0;
  } else {
    return decide_granted(listener, call);
  }
  if (write_memory(call.thread, call.arguments[2], std::as_bytes(std::span{&about, 1}))) listener.give(call, 0);
  else listener.fail(call, EFAULT);
  return 0;
}

/// Code comes from the plugin's own sealed objects, and only while it is loaded. They are the only files there are but
/// for standard output, which a constructor could write code to where it is a file that can be read as well.
int Judge::decide_map(const Listener& listener, const WaitingCall& call) const {
  constexpr std::uint64_t kSharingType = 0x0f;
  const std::uint64_t protection = call.arguments[2];
  const std::uint64_t flags = call.arguments[3];
  const bool code = (protection & PROT_EXEC) != 0 && (protection & PROT_WRITE) == 0;
  const bool of_object = (flags & MAP_ANONYMOUS) == 0 && (flags & kSharingType) == MAP_PRIVATE &&
                         static_cast<int>(call.arguments[4]) > STDERR_FILENO;
  if (phase_ == Phase::Load && code && of_object) return listener.let_through(call), 0;
  return decide_granted(listener, call);
}

int Judge::decide_clone(const Listener& listener, const WaitingCall& call) {
  const std::uint64_t flags = call.arguments[0];
  if ((flags & kThreadFlags) != kThreadFlags || (flags & ~(kThreadFlags | kThreadFlagsToo)) != 0)
    return decide_granted(listener, call);
  // Before activate there is the kit's own serving thread, and no other.
  const bool effects = phase_ == Phase::Activate || phase_ == Phase::Cleanup;
  const std::uint32_t threads = threads_.now();
  if (!effects && threads >= kThreadsOfKit) return decide_granted(listener, call);
  if (threads >= rules_.threads_max) return listener.fail(call, EAGAIN), EAGAIN;
  listener.let_through(call);
  threads_.await_more_than(threads);
  return 0;
}

/// abort() and pthread_kill() signal the process itself.
int Judge::decide_signal(const Listener& listener, const WaitingCall& call) const {
  if (static_cast<int>(call.arguments[0]) == rules_.plugin) return listener.let_through(call), 0;
  return decide_granted(listener, call);
}

}  // namespace shunt::launcher
