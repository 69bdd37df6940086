#pragma once
/// Rollouts that are under way: each is looked at, judged, and led on, back or to its end.
///
///     rollouts.start(plan, surroundings, done);       // preflight, then the first stage
///
///     a stage begins -> its shares in one exchange -> figures since then, every 50 ms -> judged
///     passed         -> the next one; after the last a switch, and the older version ends
///     failed         -> the shares of before in one exchange: the older version has all
///
/// Until it is over the older version stays up, whatever its share: the way back is as long as an exchange.

#include "event_log.hpp"
#include "event_loop.hpp"
#include "incidents.hpp"
#include "rollout_meter.hpp"
#include "rollout_run.hpp"
#include "supervisor.hpp"

#include <shunt/host/rollout.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace shunt::host {

/// For the control loop's thread.
class Rollouts {
 public:
  using Done = Supervisor::Done;

  Rollouts(EventLoop& loop, Supervisor& supervisor, EventLog& events, Incidents& incidents)
      : loop_(loop), supervisor_(supervisor), events_(events), incidents_(incidents) {}

  /// Errors: those of Supervisor::rollout_subject, BadInput (no version).
  void preflight(const RolloutPlan& plan, const Surroundings& around, std::function<void(Result<Preflight>)> done);
  /// `done` once the first stage has begun. Errors: those of preflight(), BadConfiguration (a stage cannot be what it
  /// says), NotServing (a check blocks: the text says which; or a rollout of the plugin is under way), those of
  /// Supervisor::divide.
  void start(const RolloutPlan& plan, const Surroundings& around, Done done);
  // Errors of all: BadInput (there is no rollout of the plugin, or it is not such that this could be asked of it).
  [[nodiscard]] Status pause(const std::string& plugin);
  [[nodiscard]] Status resume(const std::string& plugin);
  /// The older version has all again, soon.
  [[nodiscard]] Status abort(const std::string& plugin);
  [[nodiscard]] std::vector<RolloutSnapshot> all() const;

 private:
  struct Rollout {
    RolloutPlan plan;
    RolloutSubject subject;
    RolloutRun run;
    RolloutMeter meter;
    std::uint64_t since = 0;  ///< The last event before it.
    Measured newer{};         ///< As it was judged last.
    Measured older{};
    Division division{};       ///< As it is in force.
    bool is_changing = false;  ///< That is, and what comes meanwhile is no stage's.
    EventLoop::TimerId timer = 0;
  };
  using RolloutAt = std::shared_ptr<Rollout>;

  [[nodiscard]] Result<RolloutAt> under_way(const std::string& plugin);
  [[nodiscard]] static Division division_of(const Rollout& rollout);
  void look_soon(const RolloutAt& rollout);
  void look(const RolloutAt& rollout);
  void follow(const RolloutAt& rollout, RolloutEvent event);
  void enter_stage(const RolloutAt& rollout, const Done& entered);
  void has_entered(const RolloutAt& rollout);
  void finish(const RolloutAt& rollout);
  void roll_back(const RolloutAt& rollout, bool is_asked);
  void take_back(const RolloutAt& rollout);
  void fail(const RolloutAt& rollout, const std::string& why);
  [[nodiscard]] RolloutSnapshot snapshot_of(const std::string& plugin, const Rollout& rollout) const;
  void note(HostEventKind kind, const Rollout& rollout, std::string text);

  EventLoop& loop_;
  Supervisor& supervisor_;
  EventLog& events_;
  Incidents& incidents_;
  std::map<std::string, RolloutAt, std::less<>> rollouts_;  // by plugin: the last of each
  std::set<std::string, std::less<>> beginning_;            // plugins of which a rollout is looked at before it begins
};

}  // namespace shunt::host
