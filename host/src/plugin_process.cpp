#include "plugin_process.hpp"

#include "phase_bound.hpp"
#include "spawn_launcher.hpp"
#include "units.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <vector>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace shunt::host {
namespace {

constexpr unsigned kInitTries = 3;
constexpr std::chrono::milliseconds kInitAgain{10};  ///< After the first failure; twice as long after each other one.

/// Reaps a child of ours; whether somebody killed it. In a host that ignores SIGCHLD it is gone when it has ended, and
/// nothing is left to reap.
bool wait_for(int pidfd) noexcept {
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) != 0 && errno == EINTR) {
  }
  return info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

ErrorCode cause_of(Event event) noexcept {
  switch (event) {
    case Event::DeadlinePassed: return ErrorCode::DeadlineExceeded;
    case Event::HandlerStuck: return ErrorCode::PluginStuck;
    case Event::Breach: return ErrorCode::PeerBreach;
    default: return ErrorCode::PluginFailed;
  }
}

CrashKind kind_of(Event event) noexcept {
  switch (event) {
    case Event::DeadlinePassed:
    case Event::HandlerStuck: return CrashKind::Hang;
    case Event::Breach: return CrashKind::Breach;
    default: return CrashKind::Host;
  }
}

}  // namespace

std::string PluginProcess::broken(bus::Breach what) {
  return fmt::format("it broke the lane's contract: {}", describe(what));
}

PluginProcess::PluginProcess(EventLoop& loop, ProcessListener& listener, std::shared_ptr<Instance> instance,
                             const PluginConfiguration& configuration)
    : loop_(loop),
      listener_(listener),
      instance_(std::move(instance)),
      deadlines_(configuration.deadlines),
      health_words_(health_words_of(configuration)),
      validation_words_(health_words_of(configuration)),
      failure_words_(health_words_of(configuration)) {}

PluginProcess::~PluginProcess() {
  loop_.cancel(deadline_);
  loop_.cancel(closed_deadline_);
  loop_.cancel(init_again_);
  for (const bus::UniqueFd* fd : {&warden_, &plugin_, &warden_pidfd_, &plugin_pidfd_})
    if (*fd) loop_.unwatch(fd->get());
  if (warden_pidfd_ && warden_alive_) {  // it was never handed its lane: nobody else waits for it
    ::syscall(SYS_pidfd_send_signal, warden_pidfd_.get(), SIGKILL, nullptr, 0);
    wait_for(warden_pidfd_.get());
  }
}

Status PluginProcess::spawn(const std::filesystem::path& launcher, const flatbuffers::FlatBufferBuilder& attach,
                            const PluginImage& image, const bus::LaneMemory& memory) {
  death_.program = launcher.string();
  auto launched = start_launcher(launcher, "--attach");
  if (!launched) return error(launched.error().code, "{}", named(launched.error().message));
  StartedLauncher& started = *launched;
  const pid_t pid = warden_pid_ = started.pid;
  warden_pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!warden_pidfd_) {
    auto why = system_error("opening the launcher's pidfd");
    ::kill(pid, SIGKILL);  // started a moment ago: the number is still its own, whoever reaps it
    ::waitpid(pid, nullptr, 0);
    return why;
  }
  SHUNT_CHECK(loop_.watch(warden_pidfd_.get(), [this] { on_warden_exit(); }));
  warden_ = std::move(started.socket);
  return hand_over(attach, image, memory);
}

Status PluginProcess::adopt(bus::UniqueFd warden, const flatbuffers::FlatBufferBuilder& attach,
                            const PluginImage& image, const bus::LaneMemory& memory) {
  warden_ = std::move(warden);
  death_.warden_spoke = true;  // it asked to join
  return hand_over(attach, image, memory);
}

Status PluginProcess::hand_over(const flatbuffers::FlatBufferBuilder& attach, const PluginImage& image,
                                const bus::LaneMemory& memory) {
  SHUNT_TRY(ends, socket_pair());
  std::vector<int> descriptors{image.descriptor.get(), memory.host_side.get(), memory.plugin_side.get(),
                               instance_->pool->fd(),  memory.outbound.get(),  ends[1].get()};
  for (const SealedLibrary& each : image.libraries) descriptors.push_back(each.descriptor.get());
  plugin_ = std::move(ends[0]);
  SHUNT_CHECK(loop_.watch(warden_.get(), [this] { on_warden_packet(); }));
  SHUNT_CHECK(loop_.watch(plugin_.get(), [this] { on_plugin_packet(); }));
  if (auto sent = send_packet(warden_.get(), attach, descriptors); !sent) {
    const bool gone = sent.error().code == ErrorCode::HostGone && !death_.warden_spoke;
    return error(sent.error().code, "{}", named(gone ? silent_launcher(death_.program) : sent.error().message));
  }
  arm_deadline();
  return {};
}

/// "momentum 1.4.0+8a3f1c2e+abi-v3: ..."
std::string PluginProcess::named(std::string_view text) const {
  return fmt::format("{} {}: {}", instance_->identity.plugin, to_string(instance_->identity.version), text);
}

void PluginProcess::move(Event event) {
  const auto after = next(state_, event);
  if (!after) return;
  state_ = *after;
  arm_deadline();
}

void PluginProcess::arm_deadline() {
  loop_.cancel(deadline_);
  if (const auto [phase, limit] = bound_of(state_, deadlines_); limit.count() != 0)
    deadline_ = loop_.after(limit, [this] { on_deadline(); });
}

void PluginProcess::on_deadline() {
  // Its launcher was started by hand and named no process, and the end of its socket did not end it: it is stopped, or
  // in a debugger. There is nothing that we could kill, and nobody who would tell us more.
  if (state_ == State::Ending && !warden_ && !plugin_pidfd_) {
    if (death_.reason.empty()) {
      death_.reason = "its launcher, started by hand, did not end in time";
      death_.cause = ErrorCode::DeadlineExceeded;
      note_failure(CrashKind::Hang);
    }
    plugin_closed_ = true;
    return finish_when_reaped();
  }
  const auto [phase, limit] = bound_of(state_, deadlines_);
  const auto within = duration_text(limit);
  end(Event::DeadlinePassed,
      phase.empty() ? fmt::format("its process did not end in time, within {}", within)
                    : fmt::format("{0} did not come back in time, within the {1} of deadlines.{0}", phase, within));
}

void PluginProcess::enter(control::Phase phase) {
  asked_.push_back(phase);
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateEnter(builder, phase));
  // The warden first: it judges the plugin's calls by the phase that it has heard of last.
  if (warden_ && !send_packet(warden_.get(), builder, {})) return kill_plugin();  // and its end tells the rest
  if (auto sent = send_packet(plugin_.get(), builder, {}); !sent && sent.error().code != ErrorCode::HostGone)
    end(Event::Breach, "its control socket is full");
}

void PluginProcess::stop_asked() {
  const State before = state_;
  move(Event::StopAsked);
  if (state_ == State::Cleaning && before != State::Cleaning) enter(control::Phase::Cleanup);
  if (state_ == State::Ending) kill_plugin();
}

void PluginProcess::drain_done() {
  if (state_ != State::Draining) return;
  move(Event::DrainDone);
  enter(control::Phase::Cleanup);
}

void PluginProcess::resume() {
  move(Event::Resume);
  thaw();
}

void PluginProcess::end(Event event, std::string reason) { end(event, kind_of(event), std::move(reason)); }

void PluginProcess::end(Event event, CrashKind kind, std::string reason) {
  if (!is_alive(state_)) return;
  if (death_.reason.empty()) {
    death_.reason = std::move(reason);
    death_.cause = cause_of(event);
    death_.kind.reset();  // a phase that failed before is not why it is ended
    note_failure(kind);
    tell_who_started_it({death_.cause, death_.reason});
  }
  move(event);
  kill_plugin();
}

void PluginProcess::end_now() {
  if (is_alive(state_)) move(Event::EndAsked), kill_plugin();
}

/// A launcher that was started by hand has a terminal, and somebody before it who does not see our events.
void PluginProcess::tell_who_started_it(const Error& why) const {
  if (warden_pid_ >= 0 || !warden_) return;
  send_refusal(warden_.get(), why);
}

void PluginProcess::tell_it_serves(const std::string& host) const {
  if (warden_pid_ >= 0 || !warden_) return;
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateServesDirect(builder, host.c_str()));
  static_cast<void>(send_packet(warden_.get(), builder, {}));  // who does not hear it serves all the same
}

/// Ends it for a reason that is not its own.
void PluginProcess::give_up(Error why) {
  if (state_ < State::Active) listener_.on_phase_failed(*instance_, why);
  if (death_.reason.empty()) {
    death_.reason = std::move(why.message);
    death_.cause = why.code;
    death_.kind.reset();
    note_failure(CrashKind::Host);
    tell_who_started_it({death_.cause, death_.reason});
  }
  move(Event::HostFailed);
  kill_plugin();
}

/// By descriptor, never by number: a pid may be somebody else's by now.
void PluginProcess::kill_plugin() noexcept {
  death_.killed_by_host = true;
  if (plugin_pidfd_ && plugin_alive_) ::syscall(SYS_pidfd_send_signal, plugin_pidfd_.get(), SIGKILL, nullptr, 0);
  else if (warden_pidfd_)
    warden_ended_by_us_ = ::syscall(SYS_pidfd_send_signal, warden_pidfd_.get(), SIGKILL, nullptr, 0) == 0;
  else if (warden_) close_warden();
}

/// Of a launcher that was started by hand: that ends it, and we hear no more of it.
void PluginProcess::close_warden() noexcept {
  loop_.unwatch(warden_.get());
  warden_.reset();
  warden_alive_ = false;
  if (!is_reaped()) return;  // else nothing else would call; but who called us may still use us
  loop_.cancel(deadline_);
  deadline_ = loop_.after({}, [this] { finish_when_reaped(); });
}

void PluginProcess::on_warden_packet() {
  auto packet = receive_packet(warden_.get());
  if (!packet) {
    loop_.unwatch(warden_.get());
    if (packet.error().code == ErrorCode::PeerBreach) return end(Event::Breach, broken(bus::Breach::Control));
    if (packet.error().code == ErrorCode::System) return give_up(packet.error());
    if (warden_pid_ < 0) {  // by hand: nobody else will tell us
      warden_alive_ = false;
      finish_when_reaped();
    }
    return;
  }
  if (*packet) accept_from_warden(**packet);
}

void PluginProcess::accept_from_warden(Packet& packet) {
  const control::Message& message = packet.message();
  death_.warden_spoke = true;
  if (const auto* const spawned = message.body_as_Spawned();
      spawned != nullptr && packet.descriptors.size() == 1 && !plugin_pidfd_) {
    if (auto watched = loop_.watch(packet.descriptors.front().get(), [this] { on_plugin_exit(); }); !watched)
      return give_up(watched.error());
    plugin_pid_ = spawned->pid();
    plugin_pidfd_ = std::move(packet.descriptors.front());
    plugin_alive_ = true;
    if (death_.killed_by_host) kill_plugin();  // not what cleaned up before this packet came, and goes
    else move(Event::Confinement);
  } else if (const auto* const exited = message.body_as_Exited(); exited != nullptr) {
    death_.known = true;
    death_.code = exited->code();
    death_.signal = exited->signal();
    death_.memory_bytes = exited->memory_bytes();
    finish_when_reaped();
  } else if (const auto* const refused = message.body_as_Refused(); refused != nullptr) {
    listener_.on_phase_failed(*instance_, {static_cast<ErrorCode>(refused->code() == 0 ? 0 : refused->code() - 1),
                                           named(refused->message() == nullptr ? "" : refused->message()->c_str())});
    end(Event::PhaseFailed, "the launcher refused it");
  } else {
    accept_report(message);
  }
}

/// The first one counts: what follows comes of it.
void PluginProcess::note_failure(CrashKind kind) noexcept {
  if (death_.kind) return;
  death_.kind = kind;
  death_.state = state_;
}

/// Init makes nothing but memory, so it may be tried again, while its deadline lasts.
bool PluginProcess::tries_init_again(const Error& why) {
  if (state_ != State::Attached || ++init_tries_ >= kInitTries) return false;
  const auto delay = kInitAgain * (1 << (init_tries_ - 1));
  listener_.on_init_failed(*instance_, why, delay);
  init_again_ = loop_.after(delay, [this] {
    if (state_ == State::Attached) enter(control::Phase::Init);
  });
  return true;
}

void PluginProcess::on_entered(control::Phase phase, const control::Entered& entered) {
  if (state_ == State::Cleaning && phase != control::Phase::Cleanup)
    return;  // it was stopped in the middle of that one
  if (entered.code() != 0) {
    const auto* const said = entered.message();
    const auto* const frames = entered.frames();
    std::string text = fmt::format("{} {} failed in {}: {}", instance_->identity.plugin,
                                   to_string(instance_->identity.version), control::EnumNamePhase(phase),
                                   instance_->account(said == nullptr ? "no reason given" : said->string_view(),
                                                      frames == nullptr ? std::span<const std::uint64_t>{}
                                                                        : std::span{frames->data(), frames->size()}));
    Error why{static_cast<ErrorCode>(entered.code() - 1), std::move(text)};
    if (phase == control::Phase::Init && tries_init_again(why)) return;
    const bool threw = frames != nullptr && frames->size() > 0;
    const bool loaded = phase != control::Phase::Load;
    const bool cleaning = state_ == State::Cleaning;
    tell_who_started_it(why);
    listener_.on_phase_failed(*instance_, std::move(why));
    note_failure(threw ? CrashKind::Exception : CrashKind::Phase);
    move(Event::PhaseFailed);
    if (loaded && !cleaning) enter(control::Phase::Cleanup);
    else kill_plugin();
    return;
  }
  switch (phase) {
    case control::Phase::Load:
      if (state_ == State::Spawned) move(Event::Confinement);  // its packet overtook the warden's
      move(Event::Attachment);
      return enter(control::Phase::Init);
    case control::Phase::Init: move(Event::PhaseDone); return enter(control::Phase::Validate);
    case control::Phase::Validate: return after_validate();
    case control::Phase::Activate: move(Event::PhaseDone); return listener_.on_active(*instance_);
    case control::Phase::Cleanup: return move(Event::PhaseDone);
  }
}

void PluginProcess::on_plugin_exit() {
  loop_.unwatch(plugin_pidfd_.get());
  plugin_alive_ = false;
  if (!reported_) {
    take_last_packets();
    listener_.on_vanished(*instance_);
  }
  finish_when_reaped();
}

void PluginProcess::on_warden_exit() {
  loop_.unwatch(warden_pidfd_.get());
  death_.warden_killed = wait_for(warden_pidfd_.get()) && !warden_ended_by_us_;
  while (warden_) {  // what it said last
    auto packet = receive_packet(warden_.get());
    if (!packet || !*packet) break;
    accept_from_warden(**packet);
    if (reported_) return;
  }
  warden_alive_ = false;
  finish_when_reaped();
}

/// The plugin process is gone for sure, and who knows how it ended has said so or is gone too.
bool PluginProcess::is_reaped() const noexcept {
  if (plugin_alive_ || (!death_.known && warden_alive_)) return false;
  // A warden that was killed before it told of the plugin process may have left one that still ends: its control socket
  // closes with its last descriptor.
  if (!plugin_pidfd_ && !plugin_closed_) return false;
  return !warden_alive_ || warden_pid_ < 0;  // one of ours exits next; then nothing of the instance is left
}

void PluginProcess::finish_when_reaped() {
  if (reported_ || !is_reaped()) return;
  reported_ = true;
  take_last_packets();
  loop_.cancel(deadline_);
  loop_.cancel(closed_deadline_);
  if (!death_.kind) death_.state = state_;
  move(Event::ExitSeen);
  instance_->reaped.store(true, std::memory_order_relaxed);
  listener_.on_ended(*instance_, death_);  // may destroy us
}

}  // namespace shunt::host
