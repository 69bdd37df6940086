#include <shunt/bench/child.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::bench {

Channel& Channel::operator=(Channel&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void Channel::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Status Channel::send_bytes(const void* bytes, std::size_t size) {
  ssize_t sent;
  do sent = ::send(descriptor_, bytes, size, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error("sending to the other process");
  return {};
}

Status Channel::receive_bytes(void* bytes, std::size_t size, std::optional<std::chrono::milliseconds> limit) {
  pollfd waiting{descriptor_, POLLIN, 0};
  int ready;
  do ready = ::poll(&waiting, 1, limit ? static_cast<int>(limit->count()) : -1);
  while (ready < 0 && errno == EINTR);
  if (ready < 0) return system_error("waiting for the other process");
  if (ready == 0) return error(ErrorCode::DeadlineExceeded, "no answer within {} ms", limit->count());

  const ssize_t received = ::recv(descriptor_, bytes, size, MSG_TRUNC);
  if (received < 0) return system_error("receiving from the other process");
  if (received == 0) return error(ErrorCode::System, "the other process has ended");
  if (static_cast<std::size_t>(received) != size)
    return error(ErrorCode::BadPayload, "a packet of {} bytes where {} were expected", received, size);
  return {};
}

namespace {

void pin_to(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);  // refused: unpinned is noisier, not wrong
}

[[noreturn]] void run_child(pid_t parent, int cpu, Channel channel, const std::function<int(Channel&)>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before the line above
  signal(SIGPIPE, SIG_IGN);
  pin_to(cpu);
  _exit(body(channel));
}

}  // namespace

Result<Child> Child::start(std::string_view name, int cpu, const std::function<int(Channel&)>& body) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return system_error("socketpair");
  Channel ours{ends[0]};
  Channel theirs{ends[1]};

  std::fflush(nullptr);  // else the child would hold a second copy of what waits to be printed
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(fmt::format("starting the process for {}", name));
  if (pid == 0) {
    ours.close();
    run_child(parent, cpu, std::move(theirs), body);
  }
  return Child{pid, std::move(ours)};
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, -1);
    channel_ = std::move(other.channel_);
  }
  return *this;
}

bool Child::running() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void Child::finish(std::chrono::milliseconds limit) noexcept {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (running() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  kill_and_reap();
}

void Child::signal(int number) noexcept {
  if (running()) ::kill(pid_, number);
}

void Child::kill_and_reap() noexcept {
  channel_.close();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

}  // namespace shunt::bench
