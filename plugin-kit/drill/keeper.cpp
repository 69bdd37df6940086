#include "keeper.hpp"

#include "../launcher/family.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::drill {
namespace {

constexpr int kMisused = 2;

/// Of the drill, once it has ended; waits for others that have.
bool has_ended(pid_t drill, int& status) {
  bool ended = false;
  for (;;) {
    int of_this_one = 0;
    const pid_t one = ::waitpid(-1, &of_this_one, WNOHANG);
    if (one <= 0) return ended;
    if (one == drill) ended = true, status = of_this_one;
  }
}

[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    ::signal(WTERMSIG(status), SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
    ::raise(WTERMSIG(status));
  }
  ::_exit(WEXITSTATUS(status));
}

[[noreturn]] void keep(pid_t drill, int deaths, int report) {
  int status = 0;
  std::array<pollfd, 2> sources{{{deaths, POLLIN, 0}, {report, 0, 0}}};  // of the other end's end we hear unasked
  while (!has_ended(drill, status)) {
    if (::poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) break;
    if ((sources[1].revents & (POLLERR | POLLHUP)) != 0) break;
    signalfd_siginfo death{};
    if ((sources[0].revents & POLLIN) != 0) static_cast<void>(::read(deaths, &death, sizeof death) < 0);
  }
  launcher::end_children();
  end_as(status);
}

}  // namespace

void go_on_below_a_keeper(int report) {
  sigset_t deaths, before;
  sigemptyset(&deaths);
  sigaddset(&deaths, SIGCHLD);
  const pid_t keeper = ::getpid();
  launcher::adopt_orphans();
  ::sigprocmask(SIG_BLOCK, &deaths, &before);
  const int descriptor = ::signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK);
  const pid_t drill = descriptor < 0 ? -1 : ::fork();
  if (drill < 0) ::_exit(kMisused);
  if (drill > 0) keep(drill, descriptor, report);
  ::close(descriptor);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  launcher::die_with(keeper);
}

}  // namespace shunt::drill
