#include "exit_codes.hpp"
#include "serve.hpp"

#include <shunt/bridges/complaints.hpp>
#include <shunt/bridges/program.hpp>
#include <shunt/bus/layout.hpp>
#include <shunt/bus/standard_descriptors.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <optional>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::bridges {
namespace {

constexpr int kLastWordsMs = 6'000;  ///< A child whose host has gone cleans up, and bounds that itself.

bool is_packet_socket(int fd) {
  int type = 0;
  socklen_t bytes = sizeof(type);
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET;
}

/// Signals as a fresh program has them, whatever the host's thread that started us had blocked or ignored.
void reset_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

class Parent {
 public:
  Parent(kit::ControlChannel host, pid_t child, bus::UniqueFd pidfd)
      : host_(std::move(host)), child_(child), pidfd_(std::move(pidfd)) {}

  int watch() {
    control::SpawnedT spawned;
    spawned.pid = child_;
    const std::array descriptors{pidfd_.get()};
    bool host_is_there = host_.send(spawned, descriptors).has_value();
    while (host_is_there) {
      std::array<pollfd, 2> sources{pollfd{pidfd_.get(), POLLIN, 0}, pollfd{host_.fd(), POLLIN, 0}};
      if (::poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) break;
      if (sources[0].revents != 0) return tell_end();
      if (sources[1].revents != 0) host_is_there = host_.receive().has_value();  // phases are for the child
    }
    pollfd end{pidfd_.get(), POLLIN, 0};
    while (::poll(&end, 1, kLastWordsMs) < 0 && errno == EINTR) {
    }
    ::kill(child_, SIGKILL);  // not reaped yet, so the number is still its own
    return tell_end();
  }

 private:
  int tell_end() {
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    control::ExitedT exited;
    if (WIFSIGNALED(status)) exited.signal = WTERMSIG(status);
    else exited.code = WEXITSTATUS(status);
    const bool is_orderly = exited.signal == 0 && exited.code == 0;
    static_cast<void>(host_.send(exited));
    return is_orderly ? kDone : kFailed;
  }

  kit::ControlChannel host_;
  pid_t child_;
  bus::UniqueFd pidfd_;
};

int attach(int fd, const Program& program) {
  if (!is_packet_socket(fd)) {
    std::fprintf(stderr, "%s: descriptor %d is no socket of a host: a host starts this program by itself\n",
                 program.name.c_str(), fd);
    return kMisused;
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::setsid();  // the host's terminal speaks to the host alone; fails harmlessly where we lead already
  reset_signals();
  kit::ControlChannel host{bus::UniqueFd{fd}};
  auto attachment = receive_attachment(host);
  if (!attachment) {
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(), to_string(attachment.error()).c_str());
    return kFailed;
  }
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody else would tell the host how it ends
    if (::getppid() != self) ::_exit(kFailed);
    silence_output();
    serve(program, std::move(*attachment), host);
  }
  bus::UniqueFd pidfd{child < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  if (!pidfd) {
    const Error why = system_error("starting the bridge's process").value();
    if (child > 0) ::kill(child, SIGKILL);
    refuse(host, why);
    return kFailed;
  }
  attachment->descriptors.clear();
  return Parent{std::move(host), child, std::move(pidfd)}.watch();
}

}  // namespace

int run_program(int argc, char** argv, const Program& program) {
  bus::occupy_standard_descriptors();  // a host without them hands that on
  CLI::App line{fmt::format("Carries a host's open topics to and from {}. A host starts it by itself.", program.world),
                program.name};
  int fd = -1;
  auto* const option = line.add_option("--attach", fd, "Serve the host that started this, over an inherited socket.")
                           ->type_name("FD")
                           ->check([](const std::string& text) {
                             return text.starts_with('-') ? "a descriptor is a number from 0" : std::string{};
                           });
  line.set_version_flag("--version",
                        fmt::format("{} {} (lane layout {})", program.name, SHUNT_VERSION, bus::kLayoutVersion));
  line.footer(
      fmt::format("To have one, write into host.toml, and start the host:\n\n  [routes.\"market.signals\"]\n"
                  "  open = \"{}\"\n",
                  program.world));
  try {
    line.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return line.exit(problem) == 0 ? kDone : kMisused;
  }
  if (option->count() > 0) return attach(fd, program);
  std::fprintf(stderr, "%s: a host with a route that is `open = \"%s\"` starts this: say --help\n",
               program.name.c_str(), program.world.c_str());
  return kMisused;
}

}  // namespace shunt::bridges
