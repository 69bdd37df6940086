#include "listener.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

/// An address of another process, which only the kernel follows.
void* address_there(std::uint64_t address) noexcept {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): a register's value is what we have
}

constexpr std::size_t kTextBytesMax = 4096;  // PATH_MAX

/// The kernel may know larger structures than the headers that we were built with.
template <typename Known>
struct Grown {
  static constexpr std::size_t kSpare = 256;
  union {
    Known known;
    std::array<std::byte, sizeof(Known) + kSpare> bytes;
  };
  Grown() : bytes{} {}
};

void respond(int listener, const WaitingCall& call, std::int64_t value, int error_number,
             std::uint32_t flags) noexcept {
  Grown<seccomp_notif_resp> response;
  response.known.id = call.id;
  response.known.val = value;
  response.known.error = -error_number;
  response.known.flags = flags;
  ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);  // fails only when the thread has ended
}

}  // namespace

std::optional<WaitingCall> Listener::next() {
  Grown<seccomp_notif> notification;
  if (::ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return std::nullopt;
  const seccomp_notif& known = notification.known;
  WaitingCall call;
  call.id = known.id;
  call.thread = static_cast<pid_t>(known.pid);
  call.number = known.data.nr;
  std::copy(std::begin(known.data.args), std::end(known.data.args), call.arguments.begin());
  return call;
}

void Listener::let_through(const WaitingCall& call) const noexcept {
  respond(descriptor_.get(), call, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void Listener::fail(const WaitingCall& call, int error_number) const noexcept {
  respond(descriptor_.get(), call, 0, error_number, 0);
}

void Listener::give(const WaitingCall& call, std::int64_t result) const noexcept {
  respond(descriptor_.get(), call, result, 0, 0);
}

void Listener::give_file(const WaitingCall& call, const bus::UniqueFd& file) const noexcept {
  seccomp_notif_addfd addition{};
  addition.id = call.id;
  addition.flags = SECCOMP_ADDFD_FLAG_SEND;  // installs and answers in one step
  addition.srcfd = static_cast<std::uint32_t>(file.get());
  addition.newfd_flags = O_CLOEXEC;
  if (::ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &addition) < 0) fail(call, errno);
}

bool Listener::still_waits(const WaitingCall& call) const noexcept {
  return ::ioctl(descriptor_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0;
}

std::optional<std::string> read_text(pid_t thread, std::uint64_t address) {
  std::string text(kTextBytesMax, '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    // Page by page: the one behind the text's end may not be there.
    const std::size_t in_page = kTextBytesMax - (address + read) % kTextBytesMax;
    const iovec local{text.data() + read, std::min(in_page, text.size() - read)};
    const iovec remote{address_there(address + read), local.iov_len};
    const ssize_t count = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
    if (count <= 0) return std::nullopt;
    const auto end = text.find('\0', read);
    if (end < read + static_cast<std::size_t>(count)) return text.substr(0, end);
    read += static_cast<std::size_t>(count);
  }
  return std::nullopt;
}

bool write_memory(pid_t thread, std::uint64_t address, std::span<const std::byte> bytes) noexcept {
  const iovec local{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const iovec remote{address_there(address), bytes.size()};
  return ::process_vm_writev(thread, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace shunt::launcher
