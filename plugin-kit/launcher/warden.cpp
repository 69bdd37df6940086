#include "warden.hpp"

#include "family.hpp"
#include "init_process.hpp"
#include "oversight.hpp"
#include "sandbox/can_listen.hpp"
#include "sandbox/granted_calls.hpp"
#include "sandbox/prepared_filter.hpp"

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
  Warden(kit::ControlChannel host, kit::ControlChannel relay, pid_t init, Oversight oversight,
         std::optional<ByHand> by_hand)
      : host_(std::move(host)),
        relay_(std::move(relay)),
        init_(init),
        oversight_(std::move(oversight)),
        by_hand_(std::move(by_hand)) {
    if (by_hand_) signals_ = take_end_signals();
  }

  Result<Ending> watch() {
    while (!exited_) {
      std::array<pollfd, 4> sources{pollfd{relay_.fd(), POLLIN, 0}, pollfd{host_.fd(), POLLIN, 0},
                                    pollfd{oversight_.fd(), POLLIN, 0},
                                    pollfd{signals_.get(), POLLIN, 0}};  // a descriptor of -1 is left out
      if (::poll(sources.data(), sources.size(), oversight_.patience_ms()) < 0) {
        if (errno == EINTR) continue;
        return end(system_error("waiting for the host and the plugin").value());
      }
      if (sources[3].revents != 0) return end_as_told();
      if (sources[0].revents != 0)
        if (auto passed = pass_on(); !passed) return end(std::move(passed).error());
      if (sources[1].revents != 0)
        if (auto heard = hear_host(); !heard) return end(std::move(heard).error());
      if (sources[2].revents != 0)
        if (auto judged = judge(sources[2].revents); !judged) return end(std::move(judged).error());
      if (auto told = tell(oversight_.news()); !told) return end(std::move(told).error());
      if (oversight_.must_end()) kill_by(plugin_);
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

  /// The host says which phase comes next, that the plugin serves, and why it has to end; another packet is of a later
  /// release, the end of them is the host's.
  Status hear_host() {
    const auto packet = host_.receive();
    if (!packet) return host_gone();
    if (const auto* const enter = packet->message().body_as_Enter()) oversight_.enter(enter->phase());
    const auto* const refused = packet->message().body_as_Refused();
    if (refused != nullptr && refused->message() != nullptr && reason_.empty()) reason_ = refused->message()->str();
    if (const auto* const serves = packet->message().body_as_Serves()) serves_on_ = serves->host()->str();
    announce();
    return {};
  }

  /// The host says a phase here before it says it to the plugin. So what it said before a call was taken is heard
  /// before the call is decided, and no call of a phase is judged by the rules of the one before.
  Status judge(short events) {
    const auto call = oversight_.take_call(events);
    if (!call) return {};
    for (pollfd host{host_.fd(), POLLIN, 0}; ::poll(&host, 1, 0) > 0;) SHUNT_CHECK(hear_host());
    oversight_.decide(*call);
    return {};
  }

  /// Passes on what init and plugin process say: Spawned with the pidfd, Confined, Exited, or Refused when the plugin
  /// process could not be started. Init's own end without a word is a SIGKILL to both.
  Status pass_on() {
    auto packet = relay_.receive();
    if (!packet) {
      end_family();
      exited_.emplace().signal = SIGKILL;
      return tell_end();
    }
    const control::Message& message = packet->message();
    if (const auto* spawned = message.body_as_Spawned(); spawned != nullptr && packet->descriptors.size() == 1)
      return introduce(spawned->pid(), std::move(packet->descriptors.front()));
    if (message.body_as_Confined() != nullptr) return confined(*packet);
    if (const auto* refused = message.body_as_Refused()) {
      SHUNT_CHECK(told(host_.forward(*packet)));
      return error(static_cast<ErrorCode>(refused->code() - 1), "{}", refused->message()->c_str());
    }
    if (const auto* exited = message.body_as_Exited()) {
      exited->UnPackTo(&exited_.emplace());
      end_family();
      return tell_end();
    }
    return {};
  }

  /// Once, whichever comes first: the host's word, or init's with the pid.
  void announce() {
    if (!by_hand_ || serves_on_.empty() || plugin_pid_ == 0) return;
    by_hand_->serves(std::exchange(serves_on_, {}), plugin_pid_);
  }

  /// Init numbers the plugin process as its namespace does; the host knows it by another number.
  Status introduce(pid_t inside, bus::UniqueFd plugin) {
    plugin_ = std::move(plugin);
    control::SpawnedT spawned;
    if (const auto outside = number_of(plugin_)) {  // else it has ended already; that is told next
      spawned.pid = *outside;
      oversight_.plugin_is(inside, *outside);
    }
    const std::array descriptors{plugin_.get()};
    SHUNT_CHECK(told(host_.send(spawned, descriptors)));
    plugin_pid_ = spawned.pid;
    announce();
    if (spawned.pid == 0) return {};
    Status scheduled = oversight_.schedule();
    if (!scheduled) refuse(host_, scheduled.error());
    return scheduled;
  }

  Status confined(kit::ControlPacket& packet) {
    if (!packet.descriptors.empty()) oversight_.take(std::move(packet.descriptors.front()));
    packet.descriptors.clear();
    return told(host_.send(oversight_.complete(*packet.message().body_as_Confined())));
  }

  Status tell(Oversight::News news) {
    if (news.audit) SHUNT_CHECK(told(host_.send(std::move(*news.audit))));
    if (news.memory) SHUNT_CHECK(told(host_.send(*news.memory)));
    return {};
  }

  /// What there is left to tell, and last how the plugin process has ended.
  Status tell_end() {
    for (auto news = oversight_.last_news(); news.audit; news = oversight_.last_news())
      SHUNT_CHECK(tell(std::move(news)));
    exited_->memory_bytes = oversight_.memory_bytes();
    return told(host_.send(control::ExitedT{*exited_}));
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
  Oversight oversight_;
  std::optional<ByHand> by_hand_;
  bus::UniqueFd signals_;  // none for one that a host started
  bus::UniqueFd plugin_;
  pid_t plugin_pid_ = 0;
  std::string serves_on_;  // a host's name, until it is announced
  std::optional<control::ExitedT> exited_;
  std::string reason_;
};

/// None where undecided calls cannot be judged: the plugin then needs a /proc to be loaded from.
std::optional<Filter> choose_filter(const PluginHooks& hooks) {
  if (!hooks.confined || !can_listen()) return std::nullopt;
  return prepared_filter();
}

Result<Ending> start(kit::ControlChannel& host, Attachment attachment, const PluginHooks& hooks, Purpose purpose,
                     std::optional<ByHand> by_hand) {
  SHUNT_TRY(relay, Relay::make());
  adopt_orphans();
  const auto& sandbox = attachment.agreement.sandbox;
  SHUNT_TRY(granted, granted_calls(sandbox ? sandbox->syscalls : std::vector<std::string>{}));
  auto filter = choose_filter(hooks);
  const auto proc = filter ? ProcFolder::Absent : ProcFolder::Mounted;
  hooks.reached("filter");
  SHUNT_TRY(forked, fork_into_namespaces(hooks.confined ? Wanted::Namespaces : Wanted::Nothing));
  if (forked.pid == 0) {
    if (by_hand) ::setpgid(0, 0);  // Ctrl-C is for the warden, which tells the host before it ends the others
    host.close();
    relay.warden.close();
    run_init(std::move(relay.init), PluginStart{std::move(attachment), std::move(filter), purpose, hooks}, forked,
             proc);
  }
  relay.init.close();
  hooks.reached("namespaces");
  SHUNT_CHECK(relay.warden.send(control::EnterT{}));
  Oversight oversight{attachment, std::move(granted)};
  attachment.close_descriptors();
  return Warden{std::move(host), std::move(relay.warden), forked.pid, std::move(oversight), std::move(by_hand)}.watch();
}

}  // namespace

Result<Ending> run_warden(kit::ControlChannel host, Attachment attachment, const PluginHooks& hooks, Purpose purpose,
                          std::optional<ByHand> by_hand) {
  auto ending = start(host, std::move(attachment), hooks, purpose, std::move(by_hand));
  if (!ending && host.fd() >= 0) refuse(host, ending.error());  // it never came to watching
  return ending;
}

}  // namespace shunt::launcher
