#include "warden.hpp"

#include "family.hpp"
#include "init_process.hpp"

#include <array>
#include <csignal>
#include <utility>

#include <poll.h>
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

class Warden {
 public:
  Warden(kit::ControlChannel host, kit::ControlChannel relay, pid_t init)
      : host_(std::move(host)), relay_(std::move(relay)), init_(init) {}

  Result<Ending> watch() {
    while (!exited_) {
      std::array<pollfd, 2> sockets{pollfd{relay_.fd(), POLLIN, 0}, pollfd{host_.fd(), POLLIN, 0}};
      if (::poll(sockets.data(), sockets.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return end(system_error("waiting for the host and the plugin").value());
      }
      if (sockets[0].revents != 0)
        if (auto passed = pass_on(); !passed) return end(std::move(passed).error());
      if (sockets[1].revents != 0)
        if (auto heard = hear_host(); !heard) return end(std::move(heard).error());
    }
    end_family();
    return {{exited_->code, exited_->signal, std::move(reason_)}};
  }

 private:
  /// The host only says why a plugin has to end; another packet is of a later release, the end of them is the host's.
  Status hear_host() {
    const auto packet = host_.receive();
    if (!packet) return host_gone();
    const auto* const refused = packet->message().body_as_Refused();
    if (refused != nullptr && refused->message() != nullptr && reason_.empty()) reason_ = refused->message()->str();
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
    if (packet->message().body_as_Spawned() != nullptr) {
      Status forwarded = told(host_.forward(*packet));
      if (!packet->descriptors.empty()) plugin_ = std::move(packet->descriptors.front());
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
  bus::UniqueFd plugin_;
  std::optional<control::ExitedT> exited_;
  std::string reason_;
};

}  // namespace

Result<Ending> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks) {
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
    host.close();
    relay.warden.close();
    run_init(std::move(relay.init), std::move(attachment), hooks);
  }
  attachment.close_descriptors();
  relay.init.close();
  return Warden{std::move(host), std::move(relay.warden), init}.watch();
}

}  // namespace shunt::launcher
