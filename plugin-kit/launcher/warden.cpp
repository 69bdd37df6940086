#include "warden.hpp"

#include "family.hpp"
#include "init_process.hpp"

#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <array>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace shunt::launcher {
namespace {

struct Relay {
  kit::ControlChannel warden;
  kit::ControlChannel init;

  static Result<Relay> make() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return system_error("making a socket pair");
    return Relay{kit::ControlChannel{bus::UniqueFd{ends[0]}}, kit::ControlChannel{bus::UniqueFd{ends[1]}}};
  }
};

/// Becomes readable with SIGINT or SIGTERM, which do nothing else from now on. Empty: they end us, as they always do.
bus::UniqueFd take_end_signals() noexcept {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  bus::UniqueFd result{::signalfd(-1, &signals, SFD_CLOEXEC)};
  if (result) ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return result;
}

class Warden {
 public:
  Warden(kit::ControlChannel host, kit::ControlChannel relay, pid_t init, std::optional<ByHand> by_hand)
      : host_(std::move(host)), relay_(std::move(relay)), init_(init), by_hand_(std::move(by_hand)) {
    if (by_hand_) signals_ = take_end_signals();
  }

  Result<Ending> watch() {
    while (!exited_) {
      std::array<pollfd, 3> sockets{pollfd{relay_.fd(), POLLIN, 0}, pollfd{host_.fd(), POLLIN, 0},
                                    pollfd{signals_.get(), POLLIN, 0}};  // a descriptor of -1 is left out
      if (::poll(sockets.data(), sockets.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return end(system_error("waiting for the host and the plugin").value());
      }
      if (sockets[2].revents != 0) return end_as_told();
      if (sockets[0].revents != 0)
        if (auto passed = pass_on(); !passed) return end(std::move(passed).error());
      if (sockets[1].revents != 0)
        if (auto heard = hear_host(); !heard) return end(std::move(heard).error());
    }
    end_family();
    // Of a host that is killed the plugin may lose its socket a moment before we lose ours.
    if (exited_->signal == 0 && exited_->code == kit::kExitHostGone) return host_gone();
    return {{exited_->code, exited_->signal, std::move(reason_)}};
  }

 private:
  /// A person ends this launcher: the host is told how, instead of finding the warden dead.
  Ending end_as_told() {
    signalfd_siginfo info{};
    const bool is_read = ::read(signals_.get(), &info, sizeof info) == sizeof info;
    const int number = is_read ? static_cast<int>(info.ssi_signo) : SIGTERM;
    end_family();
    control::ExitedT exited;
    exited.signal = number;
    static_cast<void>(host_.send(exited));
    return {0, number, std::move(reason_), number};
  }

  /// The host only says that a plugin serves and why it has to end; another packet is of a later release, the end of
  /// them is the host's.
  Status hear_host() {
    const auto packet = host_.receive();
    if (!packet) return host_gone();
    const auto* const refused = packet->message().body_as_Refused();
    if (refused != nullptr && refused->message() != nullptr && reason_.empty()) reason_ = refused->message()->str();
    if (const auto* const serves = packet->message().body_as_Serves()) serves_on_ = serves->host()->str();
    announce();
    return {};
  }

  /// Passes on what init says: Spawned with the pidfd, Exited, or Refused when it could not start the plugin process.
  /// Init's own end without a word is a SIGKILL to both.
  Status pass_on() {
    auto packet = relay_.receive();
    if (!packet) {
      end_family();
      exited_.emplace().signal = SIGKILL;
      return told(host_.send(control::ExitedT{*exited_}));
    }
    if (const auto* spawned = packet->message().body_as_Spawned()) {
      plugin_pid_ = spawned->pid();
      Status forwarded = told(host_.forward(*packet));
      if (!packet->descriptors.empty()) plugin_ = std::move(packet->descriptors.front());
      announce();
      return forwarded;
    }
    if (const auto* refused = packet->message().body_as_Refused()) {
      SHUNT_CHECK(told(host_.forward(*packet)));
      return error(static_cast<ErrorCode>(refused->code() - 1), "{}", refused->message()->c_str());
    }
    if (const auto* exited = packet->message().body_as_Exited()) {
      exited->UnPackTo(&exited_.emplace());
      end_family();
      SHUNT_CHECK(told(host_.forward(*packet)));
    }
    return {};
  }

  /// Once, whichever comes first: the host's word, or init's with the pid.
  void announce() {
    if (!by_hand_ || serves_on_.empty() || plugin_pid_ == 0) return;
    by_hand_->serves(std::exchange(serves_on_, {}), plugin_pid_);
  }

  static tl::unexpected<Error> host_gone() {
    return error(ErrorCode::HostGone, "the host has gone; its plugin was ended");
  }
  /// What to say when the host did not hear it.
  static Status told(Status sent) {
    return !sent && sent.error().code == ErrorCode::HostGone ? Status{host_gone()} : std::move(sent);
  }

  tl::unexpected<Error> end(Error reason) {
    end_family();
    return tl::unexpected<Error>(std::move(reason));
  }

  void end_family() noexcept {
    kill_by(plugin_);
    if (const pid_t init = std::exchange(init_, 0); init != 0) {
      ::kill(init, SIGKILL);  // not reaped yet, so the number is still its own
      wait_for(init);
    }
    end_children();  // whoever was orphaned to us
  }

  kit::ControlChannel host_;
  kit::ControlChannel relay_;
  pid_t init_;
  std::optional<ByHand> by_hand_;
  bus::UniqueFd signals_;  // none for one that a host started
  bus::UniqueFd plugin_;
  pid_t plugin_pid_ = 0;
  std::string serves_on_;  // a host's name, until it is announced
  std::optional<control::ExitedT> exited_;
  std::string reason_;
};

}  // namespace

Result<Ending> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks,
                          std::optional<ByHand> by_hand) {
  SHUNT_TRY(relay, Relay::make());
  adopt_orphans();
  const pid_t self = ::getpid();
  const pid_t init = ::fork();
  if (init < 0) {
    auto failed = system_error("forking the plugin's init");
    refuse(host, failed.value());
    return failed;
  }
  if (init == 0) {
    die_with(self);
    if (by_hand) ::setpgid(0, 0);  // Ctrl-C is for the warden, which tells the host before it ends the others
    host.close();
    relay.warden.close();
    run_init(std::move(relay.init), std::move(attachment), hooks);
  }
  attachment.close_descriptors();
  relay.init.close();
  return Warden{std::move(host), std::move(relay.warden), init, std::move(by_hand)}.watch();
}

}  // namespace shunt::launcher
