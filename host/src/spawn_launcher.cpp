#include "spawn_launcher.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

extern char** environ;

namespace shunt::host {

namespace {

/// Ours, without what makes the loader load something else: libraries that nobody has checked.
std::vector<char*> environment_of_launcher() {
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each)
    if (!std::string_view(*each).starts_with("LD_") && !std::string_view(*each).starts_with("GLIBC_TUNABLES="))
      environment.push_back(*each);
  environment.push_back(nullptr);
  return environment;
}

}  // namespace

Result<std::array<bus::UniqueFd, 2>> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("creating a control socket");
  return std::array{bus::UniqueFd{ends[0]}, bus::UniqueFd{ends[1]}};
}

Result<StartedLauncher> start_launcher(const std::filesystem::path& launcher, const char* option) {
  constexpr int kLauncherFd = 3;
  SHUNT_TRY(ends, socket_pair());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1].get(), kLauncherFd);
  std::string program = launcher;
  std::string word = option;
  std::string number = std::to_string(kLauncherFd);
  char* const arguments[] = {program.data(), word.data(), number.data(), nullptr};
  const auto environment = environment_of_launcher();
  StartedLauncher started;
  const int code = ::posix_spawn(&started.pid, program.c_str(), &actions, nullptr, arguments, environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    return error(ErrorCode::System, "starting the launcher \"{}\": {}; {}", program, ::strerror(code),
                 code == EAGAIN || code == ENOMEM ? "raise the limits of processes and memory (ulimit -u, ulimit -v)"
                                                  : "set `launcher` to where shunt-launch is");
  started.socket = std::move(ends[0]);
  return started;
}

}  // namespace shunt::host
