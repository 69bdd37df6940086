/// shunt-launch: runs one plugin in a process of its own, for a host that started it or for one that it joins.

#include "join.hpp"
#include "program_hooks.hpp"
#include "warden.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/bus/standard_descriptors.hpp>
#include <shunt/plugin.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <CLI/CLI.hpp>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kMisused = 2;

int failed(const Error& why) {
  std::fprintf(stderr, "shunt-launch: %s\n", to_string(why).c_str());
  return kFailed;
}

enum class StartedBy { Host, Hand };

std::string describe(const Ending& ending) {
  if (!ending.reason.empty()) return ending.reason;
  if (ending.signal == 0) return fmt::format("the plugin exited by itself with code {}", ending.code);
  return fmt::format("the plugin was ended by signal {} ({})", ending.signal, ::strsignal(ending.signal));
}

/// Prints that the plugin of `agreement` has joined its host, once it has.
ByHand for_a_person(const control::AttachT& agreement) {
  return {[who = fmt::format("{} {}", agreement.plugin, agreement.version)](const std::string& host, pid_t plugin) {
    std::printf("%s joined host %s (pid %d); Ctrl-C ends it\n", who.c_str(), host.c_str(), plugin);
    std::fflush(stdout);
  }};
}

/// As if we had not handled it: a shell, and whoever waits for us, sees what ended us.
int end_by(int signal) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, signal);
  ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  ::raise(signal);
  return kFailed;
}

int launch(kit::ControlChannel host, StartedBy started_by) {
  const PluginHooks hooks = program_hooks();
  hooks.reached("program");
  auto attachment = receive_attachment(host);
  if (!attachment) return failed(attachment.error());
  hooks.reached("attachment");
  std::optional<ByHand> by_hand;
  if (started_by == StartedBy::Hand) by_hand = for_a_person(attachment->agreement);
  const auto ending = run_warden(std::move(host), std::move(*attachment), hooks, Purpose::Serve, std::move(by_hand));
  if (ending && ending->told_to_end != 0) return end_by(ending->told_to_end);
  if (ending && ending->is_orderly()) return kDone;
  // A host that started us says in its events how its plugin ended; where it is gone itself, nobody reads a sentence.
  if (started_by == StartedBy::Host && (ending || ending.error().code == ErrorCode::HostGone)) return kFailed;
  return failed(ending ? Error{ErrorCode::PluginFailed, describe(*ending)} : ending.error());
}

bool is_packet_socket(int fd) {
  int type = 0;
  socklen_t bytes = sizeof(type);
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET;
}

int attach(int fd) {
  if (!is_packet_socket(fd)) {
    std::fprintf(stderr, "shunt-launch: descriptor %d is no socket of a host: to join one by hand say --host NAME\n",
                 fd);
    return kMisused;
  }
  // Should the host have ended before this line: its end of the socket is closed, and that ends us too.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();  // the host's terminal speaks to the host alone; fails harmlessly where we lead already
  return launch(kit::ControlChannel{bus::UniqueFd{fd}}, StartedBy::Host);
}

/// Confines a process as a plugin's is, tells what holds, and lets it go: what `shunt doctor` asks for.
int probe(int fd) {
  if (!is_packet_socket(fd)) {
    std::fprintf(stderr, "shunt-launch: descriptor %d is no socket: `shunt doctor` asks for this\n", fd);
    return kMisused;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Attachment nothing;
  nothing.agreement.sandbox = std::make_unique<control::SandboxT>();
  const auto ending =
      run_warden(kit::ControlChannel{bus::UniqueFd{fd}}, std::move(nothing), program_hooks(), Purpose::Probe);
  return ending && ending->is_orderly() ? kDone : kFailed;
}

int join(const std::string& socket, const std::string& plugin) {
  auto host = join_host(socket, plugin);
  return host ? launch(std::move(*host), StartedBy::Hand) : failed(host.error());
}

}  // namespace
}  // namespace shunt::launcher

int main(int argc, char** argv) {
  using namespace shunt;
  bus::occupy_standard_descriptors();  // a host without them hands that on
  // A host that ignores it hands that on, and a child's end would be thrown away before we can ask for it.
  ::signal(SIGCHLD, SIG_DFL);
  CLI::App program{"Runs one Shunt plugin in a process of its own.", "shunt-launch"};
  int fd = -1;
  std::string socket;
  std::string plugin;
  auto* const attach =
      program.add_option("--attach", fd, "Serve the host that started this, over an inherited socket.")
          ->type_name("FD")
          ->check([](const std::string& text) {
            return text.starts_with('-') ? "a descriptor is a number from 0" : std::string{};
          });
  auto* const probe = program.add_option("--probe", fd, "Say over an inherited socket what a plugin is confined by.")
                          ->type_name("FD")
                          ->check([](const std::string& text) {
                            return text.starts_with('-') ? "a descriptor is a number from 0" : std::string{};
                          })
                          ->excludes(attach);
  auto* const host =
      program.add_option("--host", socket, "Join the running host of this name, or that listens on this socket.")
          ->type_name("NAME")
          ->excludes(attach);
  auto* const file = program.add_option("plugin", plugin, "The plugin's shared object, with --host.")->excludes(attach);
  host->needs(file);
  file->needs(host);
  program.footer("Example: shunt-launch --host first plugins/libmomentum.so");
  program.set_version_flag("--version", fmt::format("shunt-launch {} (lane layout {}, plugin ABI {})", SHUNT_VERSION,
                                                    bus::kLayoutVersion, SHUNT_ABI));
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return program.exit(problem) == 0 ? launcher::kDone : launcher::kMisused;
  }
  if (attach->count() > 0) return launcher::attach(fd);
  if (probe->count() > 0) return launcher::probe(fd);
  if (host->count() > 0) return launcher::join(socket, plugin);
  std::fprintf(stderr, "shunt-launch: say --host NAME and a plugin, or --help\n");
  return launcher::kMisused;
}
