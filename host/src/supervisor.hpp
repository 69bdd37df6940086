#pragma once
/// Which instances run: starting, restarting, switching and stopping plugins, on the control loop's thread.

#include "admission.hpp"
#include "catalog.hpp"
#include "health.hpp"
#include "hub.hpp"
#include "plugin_figures.hpp"
#include "plugin_state.hpp"
#include "preflight.hpp"
#include "preflight_facts.hpp"
#include "records.hpp"
#include "reloading.hpp"
#include "running.hpp"
#include "version_choice.hpp"

#include <shunt/host/clock_advance.hpp>
#include <shunt/host/quotas.hpp>
#include <shunt/host/route_target.hpp>
#include <shunt/host/scope.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace shunt::host {

class Supervisor final : public HubListener, private ProcessListener {
 public:
  using Done = WhenDone;
  /// How long what is stopped or drained may take to finish what it has; none: as its `deadlines.drain` says.
  using Within = std::optional<std::chrono::nanoseconds>;

  Supervisor(HostConfiguration configuration, EventLoop& loop, Catalog& catalog, RouteDirectory& directory,
             PublishedTable& tables, Records records)
      : configuration_(std::move(configuration)),
        loop_(loop),
        catalog_(catalog),
        directory_(directory),
        tables_(tables),
        events_(records.events),
        audit_(records.audit),
        crashes_(records.crashes) {}
  ~Supervisor();

  /// Once, before the loop starts.
  void bind(Hub& hub) { hub_ = &hub; }

  // ---- On the loop's thread.

  /// Makes a version known; the first of a plugin, or one marked active, serves.
  Status add(std::shared_ptr<PluginVersion> version);
  /// Divides routes between the versions that are known as their `targets` say. Errors: BadConfiguration.
  Status share_as_configured();
  /// Sets breakers where routes have an `lts`. The same.
  Status guard_as_configured();
  /// Starts every plugin that does not run. `done` when all are active, or with the first failure.
  void start_all(Done done);
  /// Moves every route of these plugins to other versions in one exchange; `done` when the old ones are gone, or with
  /// the reason why nothing changed. Errors: NoSuchPlugin, NoSuchVersion, NotServing, those of state_between(), those
  /// of staging; undone: PluginCrashed, DeadlineExceeded, and what a snapshot or restore failed with.
  void switch_to(const std::vector<VersionChoice>& choices, Done done);
  /// Divides what goes over a route to one of its plugins between versions of it; without targets all goes to the one
  /// that serves. `done` when who has no share any more is gone. Errors: those of switch_to(), NoSuchRoute, BadInput.
  void share(const RouteTargets& targets, Done done);
  // stopping.cpp: each changes all routes that it is about in one exchange. Errors of all: NoSuchPlugin, NoSuchRoute,
  // NotServing (a plugin that it is about is being switched); then nothing has changed.

  /// Takes it off its routes, lets it finish what it has and ends it. Errors: DeadlineExceeded (it did not finish: what
  /// is left was cut off).
  void stop(const Scope& scope, Within within, Done done);
  /// The same, and starts it again. Errors: also those of staging, BadInput (it was started by hand), Stopped.
  void restart(const Scope& scope, Within within, Done done);
  /// Takes it off its routes and lets it finish what it has. Errors: DeadlineExceeded (it goes on finishing), Cancelled
  /// (somebody enabled it).
  void drain(const Scope& scope, Within within, Done done);
  /// Takes it off its routes; `done` when nobody sends to it any more.
  void disable(const Scope& scope, Done done);
  /// Undoes drain and disable.
  void enable(const Scope& scope, Done done);
  /// Stops everything for good; `done` when no process is left.
  void stop_all(Done done);
  /// The same, and what has not ended is killed.
  void end_now(Done done);

  /// A launcher that was started by hand; it gets Attach, or Refused with the reason. The plugin is forgotten when it
  /// ends; a stopped one whose name it took is there again then.
  void join(std::shared_ptr<PluginVersion> version, bus::UniqueFd launcher);

  // reloading.cpp

  /// Errors: BadInput (it was started by hand).
  [[nodiscard]] Result<InService> in_service(const std::string& plugin);
  /// A build of a plugin serves from now on, if `instead_of` does when nothing else changes the plugin. One that is
  /// stopped serves by it when it is started. Errors: those of a switch; BadInput (its version is there with other
  /// bytes), Stopped.
  void reload(Reload reload, Reloaded done);

  // For rollouts: measuring.cpp, preflight_facts.cpp and dividing.cpp.

  /// Calls of the plugin's versions are counted from now on, or not any more.
  void measure(const std::string& plugin, bool on);
  [[nodiscard]] PluginFigures figures(const std::string& plugin);
  /// Errors: those of switch_to() before anything starts, and of share(), BadInput (it serves; routes are shared; the
  /// versions have no function in common).
  [[nodiscard]] Result<RolloutSubject> rollout_subject(const std::string& plugin, const Version& wanted);
  /// `found` when its lts have been probed, which starts those that are not up.
  void find_facts(const RolloutSubject& subject, const Surroundings& around, const FactsFound& found);
  /// As share(), over all routes that both versions have; or with copies of what goes over them. Errors: those of
  /// share(), Cancelled (it is not divided as `now` says). Back to where it ends, it takes as long as who is to finish
  /// may, at most.
  void divide(const RolloutSubject& subject, const Division& now, const Division& division, Done done);
  [[nodiscard]] bool is_divided(const RolloutSubject& subject, const Division& division);
  /// Whether it is being switched or restarted, or is stopped, and can be asked for something later.
  [[nodiscard]] bool is_changing(const std::string& plugin) {
    const Plugin* const known = find(plugin);
    return known != nullptr && (known->switching || known->restarting != 0 || known->stopped);
  }
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }

  void add_inbox(std::shared_ptr<Inbox> inbox);
  void remove_inbox(const Inbox& inbox);
  using Advanced = WhenAdvanced;
  /// Lets the clock of a plugin go on, and its timers run. Errors: NoSuchPlugin, BadInput, NotServing, PluginCrashed,
  /// DeadlineExceeded.
  void advance_clock(const std::string& plugin, std::chrono::nanoseconds by, std::chrono::nanoseconds within,
                     Advanced done);
  [[nodiscard]] HostSnapshot snapshot();
  /// Errors: NoSuchPlugin.
  [[nodiscard]] Result<InstanceQuotas> quotas_of(std::uint64_t instance);
  /// All versions of a plugin that could serve; empty when there is no such plugin.
  [[nodiscard]] std::vector<KnownVersion> versions_of(const std::string& plugin) const;
  /// How many seats a plugin has, and how many instances of it are warm beside them, when all are up.
  struct CountUp {
    std::size_t seats = 0;
    std::size_t warm = 0;
  };
  [[nodiscard]] CountUp count_up(const std::string& plugin) const;
  /// The plugins that publish a topic now.
  [[nodiscard]] std::vector<std::string> publishers_of(std::string_view topic) const;
  /// The binary schema with one of a route's types; empty when no version declares it.
  [[nodiscard]] std::vector<std::byte> schema_of(std::string_view route, SchemaPart part) const;

  // ---- From any thread.
  void on_breach(Instance& instance) noexcept override;
  void on_suspect(Instance& instance) noexcept override;
  void on_thrown(Instance& instance, const Error& what) noexcept override;
  void on_fallback(const RouteInfo& route, const Error& why) noexcept override;

 private:
  struct Move;
  struct Switching;

  void on_active(Instance& instance) override;
  void on_init_failed(Instance& instance, const Error& why, std::chrono::milliseconds delay) override;
  void on_phase_failed(Instance& instance, Error why) override;
  void on_confined(Instance& instance, std::string sandbox) override;
  void on_denied(Instance& instance, const control::AuditRecord& record) override;
  void on_memory_high(Instance& instance, std::uint64_t bytes) override;
  void on_health(Instance& instance, const control::Health& said) override;
  void on_bridge_report(Instance& instance, const control::BridgeReport& report) override;
  Status on_will(Instance& instance, const control::Will& will) override;
  Status on_validated(Instance& instance) override;
  void on_advanced(Instance& instance, std::uint64_t fired) override;
  void on_state(Instance& instance, Result<std::uint64_t> bytes) override;
  void on_validations(Instance& instance, const control::Validations& said) override;
  void on_failures(Instance& instance, const control::Failures& said) override;
  void on_vanished(Instance& instance) override;
  void on_ended(Instance& instance, const Death& death) override;

  // supervisor.cpp
  void stage(const std::shared_ptr<PluginVersion>& version, std::uint32_t seat, bus::UniqueFd launcher, Done staged);
  Result<Running*> try_stage(const std::shared_ptr<PluginVersion>& version, std::uint32_t seat, bus::UniqueFd launcher);
  [[nodiscard]] static std::map<std::uint32_t, std::shared_ptr<PluginVersion>> seats_meant(
      const Plugin& plugin, const std::shared_ptr<PluginVersion>& serving,
      const std::map<std::uint32_t, Shares>& shares, const Shadow& shadow);
  [[nodiscard]] static std::map<std::uint32_t, std::shared_ptr<PluginVersion>> seats_meant(const Plugin& plugin) {
    return seats_meant(plugin, plugin.serving, plugin.shares, plugin.shadow);
  }
  void set_seats(Plugin& plugin);
  void start(Plugin& plugin, const Done& done);
  void start_bridge(const std::string& name, Plugin& plugin);
  [[nodiscard]] Result<std::filesystem::path> program_of(const PluginVersion& version) const;
  std::shared_ptr<const CrashReport> report(const Running& running, const Death& death);
  std::uint32_t take_down(const std::string& name, const std::string& why);
  void retire_if_unwanted(Instance& instance);
  /// What waits for it waits for nobody. One that leaves yet has what was accepted for it.
  [[nodiscard]] static bool is_down(const Plugin& plugin) {
    return plugin.stopped && !plugin.is_served() && !plugin.is_leaving();
  }
  void forget(std::shared_ptr<Instance> instance);
  Running* find(const Instance& instance);
  Plugin* find(const std::string& plugin);
  void drain_and_retire(Instance& instance, Done ended);
  struct Draining {
    std::shared_ptr<Instance> instance;
    std::chrono::nanoseconds limit;  ///< For the whole of it, until `deadline`.
    EventLoop::Clock::time_point deadline;
    Done drained;
  };
  void drain_tick(Draining draining);
  [[nodiscard]] bool is_done(Instance& instance);
  void watch();
  void watch(Running& running, const InFlight* next);
  bool answered(const Instance& instance, std::uint64_t correlation);
  [[nodiscard]] std::size_t in_flight_with(const Instance& instance);
  [[nodiscard]] std::string what_is_left(Instance& instance);
  void note(HostEventKind kind, const Instance& instance, std::string text, std::uint64_t in_flight = 0,
            std::shared_ptr<const CrashReport> crash = nullptr);

  // restarting.cpp
  [[nodiscard]] bool is_starting(const Seat& seat, std::uint32_t number) const;
  void crashed(const std::string& name, Plugin& plugin, std::uint32_t number, const std::string& why);
  void start_again(const std::string& name);
  void start_again(const std::string& name, std::uint32_t seat);
  [[nodiscard]] bool is_empty(const Outlet& outlet) const;
  void hand_on(const std::string& name);

  // stopping.cpp
  struct Subject {
    std::vector<std::string> plugins{};
    const RouteInfo* route = nullptr;  ///< Then no plugins.
    bool everything = false;
  };
  [[nodiscard]] Result<Subject> subject_of(const Scope& scope, std::string_view verb);
  [[nodiscard]] std::vector<std::string_view> known_names();
  void leave_seats(Plugin& plugin);
  void stop_plugins(const std::vector<std::string>& names, const std::string& why, Within within, Done done);
  void start_together(const std::vector<std::string>& names, std::uint64_t restart, Status stopped, Done done);
  [[nodiscard]] std::vector<std::string> set_admission(const Subject& subject, Admission admission);
  void await_last_end(Done ended);
  void note(HostEventKind kind, const std::string& plugin, std::string text, const RouteInfo* route = nullptr);

  // finishing.cpp
  struct Finishing;
  void finish(std::shared_ptr<Finishing> finishing);
  void finish_tick(const std::shared_ptr<Finishing>& finishing);
  [[nodiscard]] bool has_work(const std::string& plugin, bool host_ends);
  [[nodiscard]] bool any_waits_for(const std::string& plugin);
  [[nodiscard]] bool any_waits_before(const std::string& plugin, std::uint32_t seat);
  [[nodiscard]] bool is_asked_by_somebody(const Instance& instance);
  [[nodiscard]] std::vector<Running*> serving_of(const std::string& plugin);
  [[nodiscard]] Error not_finished(const std::string& plugin, std::chrono::nanoseconds limit, bool asked);

  // route_stopping.cpp
  struct RouteFinishing;
  void stop_route(const RouteInfo& route, Within within, Done done);
  void restart_route(const RouteInfo& route, Within within, Done done);
  void drain_route(const RouteInfo& route, Within within, Done done);
  void finish_route(std::shared_ptr<RouteFinishing> finishing, Within within);
  void finish_route_tick(const std::shared_ptr<RouteFinishing>& finishing);
  [[nodiscard]] bool has_work(RouteFinishing& finishing);
  [[nodiscard]] std::string what_is_left(const RouteInfo& route);

  struct Reloads;                            // reloading.cpp
  struct Facts;                              // preflight_facts.cpp
  struct Divisions;                          // dividing.cpp
  static void set_measures(Plugin& plugin);  // measuring.cpp, as the next three
  void set_shadow(Plugin& plugin, const Shadow& shadow);
  void end_shadow(Plugin& plugin);
  static void settle_shadow(Plugin& plugin);

  // joining.cpp
  void forget_joined(const std::string& name, const std::shared_ptr<PluginVersion>& version);

  // switching.cpp
  [[nodiscard]] Result<Move> move_to(const std::string& name, const Version& wanted);
  [[nodiscard]] Status check_calls(const std::vector<Move>& moves);
  void go_over(const std::shared_ptr<Switching>& switching);
  void give_up(const std::shared_ptr<Switching>& switching);
  void finish_switch(const Switching& switching);
  void stage(const std::shared_ptr<Switching>& switching);
  Running* newcomer_of(Plugin& plugin, const PluginVersion& version, std::uint32_t seat);

  // sharing.cpp
  [[nodiscard]] Result<Shares> shares_of(const RouteInfo& route, const Plugin& plugin, const std::string& name,
                                         const std::vector<RouteTarget>& targets);
  [[nodiscard]] Status check_callers(const RouteInfo& route, const Shares& shares);
  Result<std::vector<const RouteInfo*>> routes_meant(const std::string& name);
  Result<std::map<std::string, std::vector<RouteTarget>>> targets_on(const RouteInfo& route, const std::string& said_of,
                                                                     const std::string& plugin,
                                                                     const std::vector<RouteTarget>& targets);
  Status add_moves(const RouteTargets& targets, std::vector<Move>& moves);
  [[nodiscard]] std::vector<std::string> sharers_of(const RouteInfo& route) const;
  [[nodiscard]] Result<std::string> sharer_of(const RouteInfo& route, const std::string& named);
  [[nodiscard]] static std::string shares_text(const Shares& shares);

  // guarding.cpp
  Status guard(const RouteInfo& route, const RouteConfiguration& configured);
  void set_guards(Plugin& plugin);
  void drop(std::shared_ptr<Outcomes> outcomes);
  void look_at_breakers();
  void keep_looking();
  [[nodiscard]] EventLoop::Clock::time_point next_look() const;
  void show_guards(const RouteInfo& route, RouteSnapshot& shown) const;
  void follow(const std::string& name, const RouteInfo& route, const GuardedRoute& guarded, Guard& guard);
  void tend_lts(const std::string& name);
  void calm(const std::string& name, std::uint32_t number, const std::shared_ptr<Instance>& instance);

  // exchange.cpp
  void exchange(const std::shared_ptr<Switching>& switching);
  void tell_exchanged(const Move& move);
  void lead_over(const std::shared_ptr<Switching>& switching);
  void drain(const std::shared_ptr<Switching>& switching);
  [[nodiscard]] static bool stays(const Switching& switching, const Instance* instance);
  [[nodiscard]] std::set<std::string, std::less<>> callers_of(const Switching& switching);
  [[nodiscard]] std::size_t earlier_chains(const Switching& switching);
  void drain_tick(const std::shared_ptr<Switching>& switching);
  void drained(const std::shared_ptr<Switching>& switching, const Status& status);
  void settle(const std::shared_ptr<Switching>& switching, const Status& status);
  void undo(const std::shared_ptr<Switching>& switching, const Error& why);

  // state_hand_over.cpp
  [[nodiscard]] static Status find_states(std::vector<Move>& moves);
  void hand_over(const std::shared_ptr<Switching>& switching);
  void hand_over(const std::shared_ptr<Switching>& switching, Move& move, const Done& done);
  void restore(const std::shared_ptr<Switching>& switching, Move& move, const bus::UniqueFd& file, const Done& done);
  void await_state(Running& running, std::string_view what, std::function<void(Result<std::uint64_t>)> done);
  static void end_states_asked(Running& running, EventLoop& loop, const std::string& why);
  void tell_handed_over(const Switching& switching);

  // warm.cpp
  [[nodiscard]] static Warm* warm_of(Plugin& plugin, const PluginVersion& version, std::uint32_t seat);
  [[nodiscard]] bool is_up(const PluginVersion& version, std::uint32_t seat) const;
  [[nodiscard]] static bool is_seated(const Plugin& plugin, const std::shared_ptr<PluginVersion>& version);
  [[nodiscard]] static std::size_t count_warm(const Plugin& plugin);
  void warm_up(const std::string& name, const Done& started);
  void warm_crashed(const std::string& name, const PluginVersion& version, std::uint32_t seat, const std::string& why);
  [[nodiscard]] bool has_double(const Running& running) const;
  bool go_warm(Running& running);
  void retire(Running& running, Done ended);
  void stop_warm(Plugin& plugin);

  // routes.cpp and, of what people are shown, snapshot.cpp
  void publish_table();
  void add_seats(RouteEntry& entry, Plugin& plugin, Takes takes);
  [[nodiscard]] Split::Place place_of(const Seat& seat, RouteKind kind, std::uint32_t group) const;
  void add_seats_before(RouteTable& table, const Plugin& plugin);
  [[nodiscard]] std::string why_off(const Plugin& plugin, const std::string& name) const;
  [[nodiscard]] std::string why_off(const RouteInfo& route) const;
  std::uint32_t end_waiting(const std::string& name, const Error& why);
  void snapshot_routes(HostSnapshot& result);
  [[nodiscard]] double share_of(const Target& target);

  // health.cpp
  void apply_health(Running& running);
  [[nodiscard]] const Health* health_of(const Seat& seat) const;
  [[nodiscard]] std::string why_unhealthy(const Plugin& plugin, const std::string& name) const;

  // driven_clock.cpp
  static constexpr std::chrono::hours kAdvanceMax{24};
  void end_advances(Running& running, const std::string& why);

  // bridge_reports.cpp
  [[nodiscard]] static std::vector<OpenTopicSnapshot> open_topics_of(const Running& running);

  // last_wills.cpp
  void publish_last_wills(const Instance& instance, const Running& running);
  [[nodiscard]] static std::vector<LastWillSnapshot> last_wills_of(const PluginVersion& version,
                                                                   const Running* running);

  // quotas.cpp
  [[nodiscard]] std::vector<RouteQuota> routes_to(const Instance& instance);

  HostConfiguration configuration_;
  EventLoop& loop_;
  Catalog& catalog_;
  RouteDirectory& directory_;
  PublishedTable& tables_;
  EventLog& events_;
  AuditLog& audit_;
  CrashLog& crashes_;
  Hub* hub_ = nullptr;
  std::map<std::string, Plugin, std::less<>> plugins_;
  Admissions plugin_admissions_;  // by the plugins' names, also of those that are not there now
  Admissions route_admissions_;
  std::set<std::string, std::less<>> stopped_routes_;
  std::map<const Instance*, Running> running_;
  std::vector<std::shared_ptr<Inbox>> inboxes_;
  std::uint64_t last_instance_ = 0;
  std::uint64_t epoch_ = 0;
  Epoch chains_ = Epoch::Even;                       // in which chains begin
  std::shared_ptr<Switching> exchanged_;             // whose chains have not ended: the next one waits for them
  std::deque<std::shared_ptr<Switching>> switches_;  // that do
  std::uint64_t last_restart_ = 0;
  std::uint64_t last_advance_ = 0;
  std::uint64_t last_state_ = 0;
  bool stopping_ = false;
  std::atomic<bool> watching_{false};                      // a tick is on its way
  bool looking_ = false;                                   // likewise, at breakers
  std::vector<std::shared_ptr<Outcomes>> dropped_;         // that calls in flight may name yet
  std::vector<std::shared_ptr<ShadowBook>> closed_books_;  // likewise
};

}  // namespace shunt::host
