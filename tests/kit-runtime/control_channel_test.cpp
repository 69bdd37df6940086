/// Descriptors over a control socket, where the user has as many on their way as one process may have open.
#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::kit {
namespace {

constexpr rlim_t kOpenMax = 32;  // also of the user's descriptors that are on their way, whoever sent them

struct Pair {
  ControlChannel here;
  ControlChannel there;

  static Pair make() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::runtime_error("socketpair");
    return {ControlChannel{bus::UniqueFd{ends[0]}}, ControlChannel{bus::UniqueFd{ends[1]}}};
  }
};

/// Runs `body` as an ordinary user, to whom limits apply, in a process of its own.
template <typename Body>
int exit_code_as_ordinary_user(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_ordinary = ::getuid() != 0 || ::setresuid(65534, 65534, 65534) == 0;
    ::_exit(is_ordinary ? body() : 99);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Waits until the thread sleeps. False: it did not, in time.
bool is_asleep(pid_t thread) {
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
       std::chrono::steady_clock::now() < until;) {
    std::ifstream file{"/proc/self/task/" + std::to_string(thread) + "/stat"};
    const std::string stat{std::istreambuf_iterator<char>{file}, {}};
    if (stat.compare(stat.rfind(')') + 2, 1, "S") == 0) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(ControlChannel, waits_with_a_descriptor_while_its_user_has_too_many_on_their_way) {
  enum { NotCrowded = 1, NoSleep, NotSent, NotTaken };
  const int code = exit_code_as_ordinary_user([]() -> int {
    Pair crowd = Pair::make();
    const Pair pair = Pair::make();
    const std::array<int, kOpenMax + 1> many{};
    const rlimit few{kOpenMax, kOpenMax};
    if (!crowd.here.send(control::EnterT{}, many) || ::setrlimit(RLIMIT_NOFILE, &few) != 0) return NotCrowded;
    bool slept = false;
    std::thread taker{[&, sender = ::gettid()] {
      slept = is_asleep(sender);
      const ControlChannel closed = std::move(crowd.there);  // and what is on its way there with it
    }};
    const Status sent = pair.here.send(control::EnterT{}, std::array{0});
    taker.join();
    if (!slept) return NoSleep;
    if (!sent) return NotSent;
    const auto taken = pair.there.receive();
    return taken && taken->descriptors.size() == 1 ? 0 : NotTaken;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace shunt::kit
