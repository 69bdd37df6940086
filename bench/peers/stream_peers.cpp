/// The peers `uds` and `pipe`: payloads as bytes through the kernel, one write and one read per message. The kernel's
/// buffers are asked for the same depth as the rings have; it may grant less to an ordinary user.

#include "paired_subject.hpp"
#include "peers.hpp"

#include <array>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shunt::bench {
namespace {

/// A descriptor with one owner in each process.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// The two ends of one direction.
struct Direction {
  Descriptor reader, writer;
};

Result<Direction> make_socket_direction(int buffer_bytes) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return system_error("socketpair");
  setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
  return Direction{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

Result<Direction> make_pipe_direction(int buffer_bytes) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe");
  fcntl(ends[1], F_SETPIPE_SZ, buffer_bytes);
  return Direction{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

using MakeDirection = Result<Direction> (*)(int buffer_bytes);

template <MakeDirection make_direction>
class StreamTransport {
 public:
  static Status supports(const Setup&) { return {}; }

  static Result<std::unique_ptr<StreamTransport>> create(const Setup& setup, const Waiting& waiting) {
    std::unique_ptr<StreamTransport> transport{new StreamTransport(setup, waiting)};
    for (unsigned consumer = 0; consumer < 2 * setup.consumers; ++consumer) {
      SHUNT_TRY(direction, make_direction(static_cast<int>(setup.depth * setup.bytes)));
      for (const int end : {direction.reader.number(), direction.writer.number()})
        if (setup.wait != Wait::Sleep) fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
      transport->directions_.push_back(std::move(direction));
    }
    return transport;
  }

  Status attach_client() {
    for (std::size_t i = 0; i < directions_.size(); i += 2) outgoing_.push_back(directions_[i].writer.number());
    incoming_ = directions_[1].reader.number();
    return {};
  }

  Status attach_consumer(unsigned consumer) {
    incoming_ = directions_[2 * consumer].reader.number();
    outgoing_.push_back(directions_[2 * consumer + 1].writer.number());
    return {};
  }

  template <typename Fill>
  bool send(Fill fill) {
    fill(buffer_.data());
    for (const int end : outgoing_)
      if (!transfer(end, POLLOUT, [](int to, std::byte* from, std::size_t n) { return ::write(to, from, n); }))
        return false;
    return true;
  }

  template <typename Check>
  bool receive(Check check) {
    if (!transfer(incoming_, POLLIN, [](int from, std::byte* to, std::size_t n) { return ::read(from, to, n); }))
      return false;
    check(buffer_.data());
    return true;
  }

 private:
  StreamTransport(const Setup& setup, const Waiting& waiting) : waiting_(waiting), buffer_(setup.bytes) {}

  /// Moves one whole payload between the buffer and `end`.
  template <typename Move>
  bool transfer(int end, short event, Move move) {
    Spinner spinner{waiting_};
    for (std::size_t moved = 0; moved < buffer_.size();) {
      const ssize_t now = move(end, buffer_.data() + moved, buffer_.size() - moved);
      if (now > 0) {
        moved += static_cast<std::size_t>(now);
      } else if (now == 0 || (errno != EAGAIN && errno != EINTR)) {
        return false;
      } else if (!spinner.spin()) {
        pollfd waited{end, event, 0};
        ::poll(&waited, 1, -1);
      }
    }
    return true;
  }

  Waiting waiting_;
  std::vector<std::byte> buffer_;
  std::vector<Direction> directions_;  // of consumer k: 2k to it, 2k + 1 from it
  std::vector<int> outgoing_;
  int incoming_ = -1;
};

}  // namespace

std::unique_ptr<Subject> make_unix_socket() {
  return std::make_unique<PairedSubject<StreamTransport<make_socket_direction>>>(
      PeerTraits{.name = "uds", .mode = "copy"});
}

std::unique_ptr<Subject> make_pipe() {
  return std::make_unique<PairedSubject<StreamTransport<make_pipe_direction>>>(
      PeerTraits{.name = "pipe", .mode = "copy"});
}

}  // namespace shunt::bench
