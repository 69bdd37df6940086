/// In place of shunt-launch: a plugin that is configured with a `breach` is not loaded. A process of our own takes its
/// lane, answers its phases, and then breaks the lane's contract in that one way. Any other plugin gets the real
/// launcher.
#include "hostile_plugin.hpp"

#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

/// The setting as the first packet on the socket has it; the packet stays there.
std::string peek_breach(int socket) {
  std::vector<std::uint8_t> bytes(kit::kControlBytesMax);
  const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK);
  if (count <= 0) return {};
  flatbuffers::Verifier verifier(bytes.data(), static_cast<std::size_t>(count));
  if (!verifier.VerifyBuffer<control::Message>()) return {};
  const auto* const attach = control::GetMessage(bytes.data())->body_as_Attach();
  if (attach == nullptr || attach->settings() == nullptr) return {};
  for (const auto* setting : *attach->settings())
    if (setting->key()->str() == "breach") return setting->value()->str();
  return {};
}

/// Warden and init in one: says who the plugin process is, waits for it, and says how it ended.
int misbehave(const kit::ControlChannel& host, const std::string& breach) {
  auto packet = host.receive();
  if (!packet) return 1;
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != self) ::_exit(1);
    run_hostile_plugin(*packet, breach);
  }
  packet->descriptors.clear();
  const bus::UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
  control::SpawnedT spawned;
  spawned.pid = child;
  const std::array descriptors{pidfd.get()};
  static_cast<void>(host.send(spawned, descriptors));
  int status = 0;
  ::waitpid(child, &status, 0);
  control::ExitedT exited;
  exited.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  exited.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  static_cast<void>(host.send(exited));
  return 0;
}

}  // namespace
}  // namespace shunt::test

int main(int count, char** arguments) {
  using namespace shunt;
  if (count < 3) return 2;
  const int socket = std::atoi(arguments[2]);
  const std::string breach = test::peek_breach(socket);
  if (breach.empty()) {
    ::execv(LAUNCHER, arguments);
    return 1;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return test::misbehave(kit::ControlChannel{bus::UniqueFd{socket}}, breach);
}
