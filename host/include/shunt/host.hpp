#pragma once
/// A host: it runs plugins as processes, calls their functions and exchanges topics with them.
///
///     auto host = shunt::Host::start("host.toml");                  // Result<Host>; no daemon, no root
///     auto momentum = host->client<momentum::Client>();             // names to handles, resolved once
///     auto reply = momentum->signal(build, {.deadline = 2ms});
///     host->switch_to("momentum", "1.5.0");                         // every route of it, in one atomic step

#include <shunt/client.hpp>
#include <shunt/host/clock_advance.hpp>
#include <shunt/host/configuration.hpp>
#include <shunt/host/event.hpp>
#include <shunt/host/explanation.hpp>
#include <shunt/host/package.hpp>
#include <shunt/host/quotas.hpp>
#include <shunt/host/rollout.hpp>
#include <shunt/host/scope.hpp>
#include <shunt/host/switch_target.hpp>
#include <shunt/publisher.hpp>
#include <shunt/subscription.hpp>
#include <shunt/writable.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace shunt {

/// Thread-safe unless a member says otherwise; moving and destroying it are for one thread that knows of no other user.
/// Destroying it stops every plugin and waits for the last process to end; replies and handles that are still around
/// stay valid. Destroying it in one of its callbacks ends the program: abort(), and a line that says so.
class Host {
 public:
  /// Reads the configuration, reads and checks every plugin's file, starts them and waits until all are active. Blocks.
  /// Errors: those of read_configuration and of loading a plugin (NotAPlugin, WrongArchitecture, NotTrusted,
  /// BadManifest), PluginFailed, PluginCrashed or PluginExited when a phase fails, DeadlineExceeded, System (also: the
  /// admin socket cannot be opened), Stopped when `stop` asked for it before all were active. After an error nothing of
  /// it is left. What still starts when `stop` is asked is cleaned up after; once `at_once` is asked too, it is killed.
  /// `packaged_launcher` is known to the headers: leave it out.
  [[nodiscard]] static Result<Host> start(const std::filesystem::path& host_toml,
                                          const char* packaged_launcher = host::kPackagedLauncher);
  [[nodiscard]] static Result<Host> start(HostConfiguration configuration, const std::stop_token& stop = {},
                                          const std::stop_token& at_once = {},
                                          const char* packaged_launcher = host::kPackagedLauncher);

  Host(Host&&) noexcept;
  Host& operator=(Host&&) noexcept;
  ~Host();

  // ---- Calling and publishing

  /// A generated client: `momentum::Client`. Allocates: resolve once, keep it. Errors: NoSuchRoute (no such plugin or
  /// function), SchemaMismatch (host and plugin were built from different schemas).
  template <typename Client>
  [[nodiscard]] Result<Client> client() {
    return Client::resolve(*this);
  }

  /// One function by name, e.g. "momentum/signal". Hashes are of the schemas the caller was built with; 0 compares
  /// names only. Errors: NoSuchRoute, SchemaMismatch naming both types.
  template <typename Request, typename Answer>
  [[nodiscard]] Result<Function<Request, Answer>> function(std::string_view name, SchemaHash request = {},
                                                           SchemaHash reply = {}) {
    SHUNT_TRY(route, resolve_function(name, request, reply));
    return Function<Request, Answer>{std::move(route)};
  }

  /// Resolve once, keep it. `schema` as in function(). Errors: NoSuchRoute (no plugin declares the topic),
  /// SchemaMismatch.
  template <typename Root>
  [[nodiscard]] Result<Publisher<Root>> publisher(std::string_view topic, SchemaHash schema = {}) {
    SHUNT_TRY(route, resolve_topic(topic, schema));
    return Publisher<Root>{std::move(route)};
  }

  /// `callback(Received<Root>&)` runs in poll() or the dispatcher only, one at a time for each subscription, in the
  /// order of each sender. It may call, publish and subscribe, but not poll; what it throws comes out of poll().
  /// Between polls up to the route's `backlog` of publications wait, and `slow_consumer` says what happens to more.
  /// Blocks until the route table has it. Errors: NoSuchRoute, SchemaMismatch, Stopped.
  template <typename Root, typename Callback>
  [[nodiscard]] Result<Subscription> subscribe(std::string_view topic, Callback callback, SchemaHash schema = {}) {
    SHUNT_TRY(route, resolve_topic(topic, schema));
    const host::RouteChecks* const checks = &route.checks();  // the host's, as the subscription is
    return subscribe_bytes(topic, schema,
                           [checks, callback = std::move(callback)](ReceivedBytes& bytes, bool redelivered) mutable {
                             const Root* const root = verified_root<Root>(bytes.bytes());
                             if (root == nullptr || host::refusal(checks->request, root)) return false;
                             Received<Root> received{bytes, root, redelivered};
                             callback(received);
                             return true;
                           });
  }

  /// From now on `validate(const T&)` is asked about every payload of a FlatBuffers type that this host gets from a
  /// plugin and that was verified: replies to typed calls, and publications for typed subscriptions. What it refuses,
  /// by an error or an exception, nobody sees: the call ends with ValidationFailed and its text, the publication counts
  /// as dropped. It runs on the threads that call and poll, on any number of them at once, and is kept as long as the
  /// host. Before the first call or at any time. Any thread; allocates. Errors: BadInput (the type has one already).
  template <typename T, typename Validate>
  [[nodiscard]] Status register_validator(Validate validate) {
    return add_validator(typeid(T), [validate = std::move(validate)](const void* root) {
      return validate(*static_cast<const T*>(root));
    });
  }

  // ---- Room

  /// How many messages a topic or function takes now: as many as find room with the receiver that has least, in its
  /// ring and its backlog, and of a function as many calls as `in_flight_max` lets start. RouteHandle::kRoomUnbounded
  /// where nobody receives, 0 where nothing goes over it. Of chunks, which depend on sizes, it says nothing; other
  /// threads may be faster. Looks the name up: a Publisher has it without. Errors: NoSuchRoute.
  [[nodiscard]] Result<std::size_t> room(std::string_view route);
  /// `callback()` runs once, in poll() or the dispatcher, when room() of the route is not 0: for who was refused
  /// (RingFull, or QuotaExceeded for calls in flight) and wants to go on. Also where there is room by now, so that none
  /// is missed between a refusal and this. Those who sleep in wait() or on event_fd() look every millisecond meanwhile,
  /// since a receiver does not ring for room. For the next time, ask again. Errors: NoSuchRoute, Stopped.
  [[nodiscard]] Result<Writable> on_writable(std::string_view route, std::function<void()> callback);

  // ---- Driving

  /// Takes what plugins have sent and runs the callbacks, of subscriptions and of calls; never waits. The number of
  /// callbacks that ran. Several threads may poll: one at a time drains, and each subscription's callback runs on one
  /// at a time. Errors: WouldDeadlock from inside a callback.
  [[nodiscard]] Result<std::size_t> poll();
  /// Sleeps until a plugin has sent something, a call with a callback has ended, by its deadline too, `timeout`, or 100
  /// ms; while another thread drains, until that has set something aside. Use it between polls in a thread that has
  /// nothing else to do.
  void wait(std::chrono::nanoseconds timeout);
  /// For an epoll of your own: a descriptor that can be read from when a callback is due, of a subscription or of a
  /// call (its deadline is watched, too), until a poll() has run none. Wait for EPOLLIN and poll() once for each
  /// wake-up; with EPOLLET, until it has run none. Neither read nor close it; it ends with the host. The first call
  /// starts a thread that waits for plugins in your place: a message costs its wake-up and yours, and a reply that
  /// another thread waits for, or this one, may come through it. Who counts microseconds polls without it. Errors:
  /// System (no descriptor, no thread), Stopped.
  [[nodiscard]] Result<int> event_fd();
  /// Polls and waits on this thread until asked to stop, which also ends its sleep. Errors: WouldDeadlock from inside a
  /// callback.
  [[nodiscard]] Status run_dispatcher(const std::stop_token& stop);

  /// What deadlines and origins are on: CLOCK_MONOTONIC. Any thread.
  [[nodiscard]] static std::chrono::nanoseconds now() noexcept;

  // ---- Plugins

  /// Moves every route of `plugin` to another configured version in one atomic step, while others publish and call.
  /// `version` as people write it: what it leaves out (build, ABI level) matches anything. Blocks until the old
  /// instance has finished what it had and is gone. Errors: NoSuchPlugin, NoSuchVersion (add its file to the
  /// configuration), BadInput (no version), NotServing (it is stopped, or being switched), those of starting the new
  /// version, DeadlineExceeded (the old one did not finish within 5 s: the switch is undone), PluginCrashed (the new
  /// one ended before that: likewise), WouldDeadlock from inside a callback; after any error the old version serves. Of
  /// a plugin with [state] also: NoSuchVersion and SchemaMismatch (no form of it that both versions know), and what its
  /// snapshot or restore failed with (likewise undone).
  [[nodiscard]] Status switch_to(std::string_view plugin, std::string_view version);
  /// The same for several plugins in one step: all new versions are started, then one exchange moves every route of all
  /// plugins, then the old ones finish. Whatever fails leaves, or puts back, all of them. A plugin that would call
  /// another one's version that does not suit it is refused with NoSuchVersion, here and above. Further errors:
  /// BadInput (a plugin is there twice).
  [[nodiscard]] Status switch_to(const std::vector<SwitchTarget>& targets);

  /// Divides what goes over a route to one plugin between versions of it, by weights: new ones are started, then one
  /// exchange, then who has no share any more finishes what it has and ends. Without targets all goes to the version
  /// that serves. The next switch of the plugin ends it. Blocks until all that is done. Errors: NoSuchRoute,
  /// NoSuchVersion (also: a plugin that calls the function would find none that suits it), BadInput (a version twice,
  /// one without the route, no weight at all, a route with a total order, more than 16 instances, or which of several
  /// plugins is meant), and those of switch_to().
  [[nodiscard]] Status share(const RouteTargets& targets);

  // Stopping: docs/stopping.md. `what` is a plugin, with all its routes; a function or a topic; or everything. All its
  // routes change in one exchange of the route table, so no message sees half of it, and what was accepted before is
  // neither lost nor done twice. `within` (at least 0) is how long what it has may take: none, its `deadlines.drain`;
  // of several plugins each its own. Errors of all five: NoSuchPlugin and NoSuchRoute (with the name that was meant),
  // NotServing (a plugin that it is about is being switched), WouldDeadlock from inside a callback; then nothing has
  // changed.

  /// Nothing new goes to it, what it has is finished, then it is ended. Calls hear NotServing from then on. Blocks
  /// until its process is gone. Errors: DeadlineExceeded (what it had was not finished in time and was cut off; the
  /// text says what that was, and it is stopped all the same).
  [[nodiscard]] Status stop(const Scope& what, std::optional<std::chrono::nanoseconds> within = {});
  /// Stops it, and starts it again; one that was stopped or is in quarantine is started. Blocks until it serves.
  /// Errors: as stop(), though it serves again; those of starting it; BadInput (it was started by hand); NotServing
  /// also when it is being restarted already, or was stopped meanwhile.
  [[nodiscard]] Status restart(const Scope& what, std::optional<std::chrono::nanoseconds> within = {});
  /// Nothing new goes to it and what it has is finished; then it stands idle, ready to be enabled. Blocks until then.
  /// Errors: DeadlineExceeded (it was not finished in time, and goes on; the text says what is left), Cancelled
  /// (somebody enabled it meanwhile).
  [[nodiscard]] Status drain(const Scope& what, std::optional<std::chrono::nanoseconds> within = {});
  /// Nothing new goes to it from now on; what it has it goes on with. Blocks until no thread of the host sends to it
  /// any more, which takes as long as one message.
  [[nodiscard]] Status disable(const Scope& what);
  /// Undoes drain() and disable() of that name; of everything, also of all routes. Does not start what is stopped.
  [[nodiscard]] Status enable(const Scope& what);

  // Rollouts: docs/rollouts.md. Errors of all that return a Status, and of preflight(): WouldDeadlock from inside a
  // callback, Stopped.

  /// What has to hold before a rollout begins, and whether it does. Blocks: it reads the files of `[trust]`, and starts
  /// an `lts` that is not up to see that it can be. Errors: NoSuchPlugin, NoSuchVersion, NotServing, BadInput (the
  /// version serves, or routes are shared already), BadConfiguration.
  [[nodiscard]] Result<Preflight> preflight(const RolloutPlan& plan);
  /// A version takes over in stages, each of which has to pass; one that fails gives all back. Blocks until the first
  /// has begun. Errors: those of preflight() and share(), NotServing (a check blocks, and the text says which; or a
  /// rollout of the plugin is under way), BadConfiguration (a stage cannot be what it says).
  [[nodiscard]] Status start_rollout(const RolloutPlan& plan);
  /// The stage keeps what it has, and its time stands still. Errors of these three: BadInput (there is no rollout of
  /// the plugin, or it is over, or is paused, or is not).
  [[nodiscard]] Status pause_rollout(const std::string& plugin);
  [[nodiscard]] Status resume_rollout(const std::string& plugin);
  /// The older version gets all again, soon.
  [[nodiscard]] Status abort_rollout(const std::string& plugin);
  /// Of each plugin the last one. Empty once the host was stopped.
  [[nodiscard]] std::vector<RolloutSnapshot> rollouts();

  /// Stops every plugin for good, as destroying the host does, but what happens meanwhile can still be seen. What they
  /// have is finished first, within the `deadlines.drain` of each. Blocks until the last process has ended. Errors:
  /// WouldDeadlock from inside a callback.
  [[nodiscard]] Status stop();
  /// Kills every plugin, also while another thread waits in stop(). Blocks until the last process has ended, a few
  /// seconds at most. Errors: WouldDeadlock from inside a callback.
  [[nodiscard]] Status end_now();

  /// Lets the clock of a plugin with `clock = "driven"` go on by 0 to 24 hours. Its timers that are due until then run,
  /// each at its moment and in their order, between the messages that it has; blocks until they have, and takes what
  /// plugins send meanwhile. What it was sent before need not be done then. Errors: NoSuchPlugin, BadInput (its clock
  /// is not driven, or `by` cannot be), NotServing (it does not run), PluginCrashed (it ended meanwhile),
  /// DeadlineExceeded (not `within`: they go on), WouldDeadlock from inside a callback.
  [[nodiscard]] Result<ClockAdvance> advance_clock(std::string_view plugin, std::chrono::nanoseconds by,
                                                   std::chrono::nanoseconds within = std::chrono::seconds(5));

  // ---- Seeing

  /// What there is now. Blocks for the control loop's next turn, and allocates. Empty once the host was stopped.
  [[nodiscard]] HostSnapshot snapshot();
  /// The events after number `seen` (0: all that are kept), oldest first.
  [[nodiscard]] std::vector<HostEvent> events(std::uint64_t seen = 0);
  /// The same, once there are any: blocks until then. None when asked to stop first.
  [[nodiscard]] std::vector<HostEvent> wait_events(std::uint64_t seen, const std::stop_token& stop);

  /// Why a message with these hints and this key would go where it would go now: of each plugin that gets what goes
  /// over the route. Any thread, at any time; allocates. Errors: NoSuchRoute, Stopped.
  [[nodiscard]] Result<std::vector<RouteExplanation>> explain(std::string_view route, const Hints& hints = {},
                                                              Key key = {});

  /// Who holds what of a running instance's memory and routes; its number is that of the snapshot. Blocks as
  /// snapshot(). Errors: NoSuchPlugin (no such instance runs), Stopped.
  [[nodiscard]] Result<InstanceQuotas> quotas(std::uint64_t instance);

  /// How plugins ended that were not told to: the last report of each, oldest first, of at most a hundred plugins. Each
  /// is part of its event Ended, too.
  [[nodiscard]] std::vector<CrashReport> crashes();

  /// The system calls that plugins were denied, oldest first: the last thousand records.
  [[nodiscard]] std::vector<AuditRecord> audit();

  // ---- The same by name, untyped, for tools. What a plugin sent is given as it came: verify it before you read it.

  /// Bytes are copied once to where they travel, and not verified: the receiver does that. Looks the name up each time.
  /// Errors: NoSuchRoute, and those of calls and publications.
  [[nodiscard]] Result<ReceivedBytes> call_bytes(std::string_view function, std::span<const std::uint8_t> request,
                                                 const CallOptions& options = {});
  /// As Function::call_async.
  [[nodiscard]] Result<PendingBytes> call_bytes_async(std::string_view function, std::span<const std::uint8_t> request,
                                                      const CallOptions& options = {});
  [[nodiscard]] Result<StartedCall> call_bytes_async(std::string_view function, std::span<const std::uint8_t> request,
                                                     const CallOptions& options,
                                                     std::function<void(Result<ReceivedBytes>)> callback);
  [[nodiscard]] Result<Delivery> publish_bytes(std::string_view topic, std::span<const std::uint8_t> payload,
                                               const PublishOptions& options = {});
  /// As subscribe(). `callback(bytes, redelivered)` says whether it could read them; what it could not counts as
  /// dropped.
  [[nodiscard]] Result<Subscription> subscribe_bytes(std::string_view topic, SchemaHash schema,
                                                     std::function<bool(ReceivedBytes&, bool redelivered)> callback);
  /// flatc's binary schema that has the route's request or publication, from a plugin that declares it.
  /// Errors: NoSuchRoute.
  [[nodiscard]] Result<std::vector<std::byte>> schema_of(std::string_view route);

 private:
  Status add_validator(const std::type_info& type, std::function<Status(const void*)> accepts);
  explicit Host(std::shared_ptr<host::Core> core) noexcept : core_(std::move(core)) {}
  void end();
  Result<RouteHandle> resolve_function(std::string_view name, SchemaHash request, SchemaHash reply);
  Result<RouteHandle> resolve_topic(std::string_view name, SchemaHash schema);

  std::shared_ptr<host::Core> core_;
};

}  // namespace shunt
