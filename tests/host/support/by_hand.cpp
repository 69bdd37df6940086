#include "by_hand.hpp"

#include "cast.hpp"

#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {

ByHand::ByHand(Host& host, const std::filesystem::path& socket, const std::string& file, const std::string& plugin) {
  std::array<std::string, 4> words{LAUNCHER, "--host", socket.string(), PLUGINS + file};
  std::array<char*, 5> arguments{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  const auto events = host.events(0);
  const auto seen = events.empty() ? 0 : events.back().number;
  if (::posix_spawn(&pid_, LAUNCHER, nullptr, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error("the launcher cannot be started");
  try {
    await_event(host, HostEventKind::Joined, plugin, seen);
  } catch (...) {
    end();
    throw;
  }
}

ByHand::~ByHand() { end(); }

void ByHand::end() noexcept {
  const pid_t pid = std::exchange(pid_, 0);
  if (pid == 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace shunt::test
