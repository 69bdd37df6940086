#include <shunt/bridges/complaints.hpp>
#include <shunt/bus/unique_fd.hpp>

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace shunt::bridges {
namespace {

/// The host's standard error.
int& listener() noexcept {
  static int kept = STDERR_FILENO;
  return kept;
}

}  // namespace

void silence_output() noexcept {
  const int kept = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const bus::UniqueFd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  if (kept < 0 || !nowhere) return;
  listener() = kept;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<std::intptr_t>(kept)));
#endif
  ::dup2(nowhere.get(), STDOUT_FILENO);
  ::dup2(nowhere.get(), STDERR_FILENO);
}

/// A pipe that can be written to takes PIPE_BUF bytes, which are 4,096, at once.
void complain(std::string_view line) noexcept {
  const int error = errno;
  pollfd room{listener(), POLLOUT, 0};
  if (::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0) {
    const std::array<iovec, 2> parts{iovec{const_cast<char*>(line.data()), line.size()},
                                     iovec{const_cast<char*>("\n"), 1}};
    static_cast<void>(!::writev(room.fd, parts.data(), parts.size()));
  }
  errno = error;
}

}  // namespace shunt::bridges
