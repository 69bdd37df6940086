#pragma once
/// One instance's processes, from the start of the launcher to the last exit: spawning, phases, deadlines, reaping.
/// Lives on the control loop's thread.

#include "control_socket.hpp"
#include "death.hpp"
#include "event_loop.hpp"
#include "health.hpp"
#include "instance.hpp"
#include "lifecycle.hpp"
#include "plugin_image.hpp"

#include <shunt/host/configuration.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace shunt::host {

/// What a process tells its supervisor, on the loop's thread.
class ProcessListener {
 public:
  /// Every phase up to activate succeeded.
  virtual void on_active(Instance& instance) = 0;
  /// It is tried again after `delay`.
  virtual void on_init_failed(Instance& instance, const Error& why, std::chrono::milliseconds delay) = 0;
  /// A phase failed; cleanup follows by itself.
  virtual void on_phase_failed(Instance& instance, Error why) = 0;
  /// What its sandbox is: "full", or what it is without.
  virtual void on_confined(Instance& instance, std::string sandbox) = 0;
  /// Calls of one name, in one phase: what the plugin was denied so far.
  virtual void on_denied(Instance& instance, const control::AuditRecord& record) = 0;
  virtual void on_memory_high(Instance& instance, std::uint64_t bytes) = 0;
  /// It says how it is; no more often than it is asked.
  virtual void on_health(Instance& instance, const control::Health& said) = 0;
  /// The timers have run that were due when its clock went on, so many times by its own word.
  virtual void on_advanced(Instance& instance, std::uint64_t fired) = 0;
  /// What came of a snapshot, with its bytes, or of a restore.
  virtual void on_state(Instance& instance, Result<std::uint64_t> bytes) = 0;
  /// What came of its validators, by its own word; no more often than it is asked for its health.
  virtual void on_validations(Instance& instance, const control::Validations& said) = 0;
  /// What its handlers threw or returned with nobody to tell; no more often than the same.
  virtual void on_failures(Instance& instance, const control::Failures& said) = 0;
  /// Of a bridge, and as it says it.
  virtual void on_bridge_report(Instance& instance, const control::BridgeReport& report) = 0;
  /// What it leaves to be published when it vanishes. Errors: that cannot be; it ends with that.
  virtual Status on_will(Instance& instance, const control::Will& will) = 0;
  /// Validate has succeeded. Errors: it may not go on.
  virtual Status on_validated(Instance& instance) = 0;
  /// Its process has exited; on_ended() follows when its warden has said how.
  virtual void on_vanished(Instance& instance) = 0;
  /// Reaped: nothing writes to the lane any more.
  virtual void on_ended(Instance& instance, const Death& death) = 0;

 protected:
  ~ProcessListener() = default;
};

class PluginProcess {
 public:
  /// `lane_memory` and `image` are handed over; the process keeps neither.
  PluginProcess(EventLoop& loop, ProcessListener& listener, std::shared_ptr<Instance> instance,
                const PluginConfiguration& configuration);
  ~PluginProcess();
  PluginProcess(const PluginProcess&) = delete;
  PluginProcess& operator=(const PluginProcess&) = delete;

  /// Starts `launcher` and hands it `attach` with the descriptors. Errors: System, HostGone.
  [[nodiscard]] Status spawn(const std::filesystem::path& launcher, const flatbuffers::FlatBufferBuilder& attach,
                             const PluginImage& image, const bus::LaneMemory& memory);
  /// The same for a launcher that was started by hand and waits at the other end of `warden`.
  [[nodiscard]] Status adopt(bus::UniqueFd warden, const flatbuffers::FlatBufferBuilder& attach,
                             const PluginImage& image, const bus::LaneMemory& memory);

  /// It gets nothing new any more; drain_done() follows.
  void stop_asked();
  /// Everything it had is done: cleanup runs, then it exits.
  void drain_done();
  /// The switch that drained it was undone.
  void resume();
  /// Ends it now. `event` is HandlerStuck, Breach or DeadlinePassed; `kind` says it more closely.
  void end(Event event, std::string reason);
  void end(Event event, CrashKind kind, std::string reason);
  /// Ends it now, and for no fault of its own.
  void end_now();

  /// Its clock goes on; on_advanced() follows, unless it ends before. False: it could not be told.
  [[nodiscard]] bool advance_clock(std::uint64_t by_ns);

  // state_hand_over.cpp. on_state() follows each, unless it ends before. Errors: System, HostGone.

  /// It writes what it knows into `file`, which has room for `bytes_max`; from then on nothing of it runs.
  [[nodiscard]] Status ask_snapshot(std::uint32_t state, std::uint64_t bytes_max, int file);
  /// What another version has written there takes the place of what it knows.
  [[nodiscard]] Status ask_restore(std::uint32_t state, std::uint64_t bytes, int file);

  /// Tells a launcher that was started by hand, and so the person before it, that its plugin serves on `host`.
  void tell_it_serves(const std::string& host) const;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] Instance& instance() const noexcept { return *instance_; }
  [[nodiscard]] std::shared_ptr<Instance> share() const noexcept { return instance_; }
  [[nodiscard]] pid_t pid() const noexcept { return plugin_pid_; }

 private:
  Status hand_over(const flatbuffers::FlatBufferBuilder& attach, const PluginImage& image,
                   const bus::LaneMemory& memory);
  void on_warden_packet();
  void accept_from_warden(Packet& packet);
  void accept_report(const control::Message& message);
  [[nodiscard]] static std::string broken(bus::Breach what);
  void on_plugin_packet();  // plugin_words.cpp, as the next three
  bool accept_word(const control::Message& message);
  bool accept_state(const control::Message& message);  // state_hand_over.cpp, as the next two
  template <typename Said>
  [[nodiscard]] Error state_error(std::string_view what, const Said& said) const;
  void thaw();
  static Allowance health_words_of(const PluginConfiguration& configuration);
  void on_plugin_closed();
  void accept_will(const control::Will& will);  // plugin_wills.cpp, as the next three
  void take_last_packets();
  void after_validate();
  void fail_phase(const Error& why);
  void on_plugin_exit();
  void on_warden_exit();
  void note_failure(CrashKind kind) noexcept;
  void on_entered(control::Phase phase, const control::Entered& entered);
  bool tries_init_again(const Error& why);
  void on_deadline();
  void close_warden() noexcept;
  [[nodiscard]] bool is_reaped() const noexcept;
  void finish_when_reaped();
  void give_up(Error why);
  void enter(control::Phase phase);
  void move(Event event);
  [[nodiscard]] std::string named(std::string_view text) const;
  void arm_deadline();
  void kill_plugin() noexcept;
  void tell_who_started_it(const Error& why) const;

  EventLoop& loop_;
  ProcessListener& listener_;
  std::shared_ptr<Instance> instance_;
  PhaseDeadlines deadlines_;
  State state_ = State::Spawned;
  bus::UniqueFd warden_;        // control socket
  bus::UniqueFd plugin_;        // control socket
  bus::UniqueFd warden_pidfd_;  // none for one started by hand
  bus::UniqueFd plugin_pidfd_;  // from the warden; none before Spawned
  pid_t warden_pid_ = -1;
  pid_t plugin_pid_ = 0;        // until the warden has said it, which may be after the plugin serves
  bool plugin_alive_ = false;   // its pidfd has not fired
  bool plugin_closed_ = false;  // its end of the control socket is
  bool warden_alive_ = true;
  bool warden_ended_by_us_ = false;
  bool reported_ = false;
  std::deque<control::Phase> asked_{control::Phase::Load};  // answered in this order; Load is answered unasked
  EventLoop::TimerId deadline_ = 0;
  unsigned init_tries_ = 0;  // that failed
  EventLoop::TimerId init_again_ = 0;
  EventLoop::TimerId closed_deadline_ = 0;  // until when a process that closed its end has to have ended
  Death death_;
  Allowance health_words_;
  Allowance validation_words_;
  Allowance failure_words_;
  std::size_t advances_ = 0;  // of its clock, that it has not answered
  struct AskedOfState {
    bool snapshot = false;  // else a restore
    std::uint64_t bytes_max = 0;
  };
  std::deque<AskedOfState> states_;  // likewise
  bool frozen_ = false;              // it was asked for a snapshot, and not to go on
};

}  // namespace shunt::host
