#pragma once
/// One thing that happened, and what `shunt ls` shows: plain values.

#include <shunt/host/audit.hpp>
#include <shunt/host/breaker_snapshot.hpp>
#include <shunt/host/crash.hpp>
#include <shunt/host/validation.hpp>
#include <shunt/schemas/ids.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

enum class HostEventKind : std::uint8_t {
  Started,          ///< A launcher was started for an instance.
  Active,           ///< An instance serves.
  PhaseFailed,      ///< A phase, or reading the plugin's file, failed.
  HandlerThrew,     ///< A caller got the exception as PluginFailed; the text has the throw. The 1st, 2nd, 4th, 8th ...
  Ended,            ///< An instance is gone; the text says how.
  Restarting,       ///< It will be started again after a delay.
  Quarantined,      ///< It crashed too often: only restart() starts it again.
  Switched,         ///< A plugin's routes lead to another version.
  SharesChanged,    ///< Versions of a plugin get other parts of what goes over a route.
  SwitchUndone,     ///< The old version serves again: it did not drain in time, the new one died, or its state did not
                    ///< go over.
  Stopped,          ///< A plugin was taken off its routes, and ends; or nothing goes over a route any more.
  Joined,           ///< A plugin that was started by hand.
  RouteUndeclared,  ///< A configured route that no configured plugin has: mistyped, or of one that will join.
  Refused,          ///< A plugin that was started by hand is not let in; the text says why.
  Denied,           ///< A system call, for the first time in its phase; `shunt audit` counts them.
  MemoryHigh,       ///< An instance uses more private memory than its sandbox.memory_high.
  Draining,         ///< A plugin or a route gets nothing new, and what it has is finished.
  Drained,          ///< That is so.
  NotDrained,       ///< It was not within the time there was for it; the text says what is left.
  Disabled,         ///< A plugin or a route gets nothing new.
  Enabled,          ///< It gets again what is sent to it.
  BridgeState,      ///< What a bridge is connected to, by its own word.
  LastWillSent,     ///< What an instance that vanished had left for that was published; the text says to how many.
  LastWillNotSent,  ///< It was not; the text says why.
  HealthChanged,    ///< How an instance is, by its own word: "NotServing: no session"; at most some 20, then one a
                    ///< minute.
  HandlerFailed,    ///< What a handler threw or returned with nobody to tell, as a topic's; by its own word, likewise.
  Warm,             ///< An instance is up of a version that is kept so, while another serves.
  BreakerOpened,    ///< Too many calls to a version failed on a route: they go to its lts.
  BreakerHalfOpen,  ///< Some go to the version again, to try it.
  BreakerClosed,    ///< All do.
  FellBack,         ///< A call failed and got the function's fallback; the text says why. The 1st, 2nd, 4th, 8th ...
  HandedOver,       ///< A switch: the new version has the old one's state, and serves with it.
  StateLost,        ///< The old version ended before its state was written down: the new one serves without.
  Reloaded,         ///< A build that came into a watched folder serves; the text says what it changed.
  ReloadRefused,    ///< What a file of a watched folder holds does not: the text says why.
  FileGone,         ///< One has gone: what it held serves on.
  FolderLost,       ///< A watched folder is gone: nothing is heard of it until it is there again.
  FolderFound,      ///< It is.
  RolloutStarted,   ///< A version begins to take over in stages,
  RolloutStage,     ///< its next stage begins,
  RolloutPaused,    ///< it keeps what it has, for now,
  RolloutResumed,   ///< and goes on.
  RolledOut,        ///< It has all.
  RolledBack,       ///< It failed a stage, or was given up; the text says why. The older version has all.
  IncidentKept,     ///< What is known of one that failed; the text is the file's path.
  IncidentNotKept   ///< It could not be written, or the notifier has failed; the text says why.
};

struct HostEvent {
  std::uint64_t number = 0;  ///< Counts from 1, without gaps.
  std::chrono::system_clock::time_point at{};
  HostEventKind kind = HostEventKind::Started;
  std::string plugin{};
  std::string version{};
  std::uint64_t instance = 0;
  std::string text{};           ///< For people: what happened, and why.
  std::uint64_t in_flight = 0;  ///< Of Switched: messages that the old instance had not finished at the exchange.
  std::shared_ptr<const CrashReport> crash{};  ///< Of Ended, unless it ended as it was told to; else null.
  std::chrono::nanoseconds pause{};            ///< Of HandedOver: how long what came for the plugin waited.
  std::uint64_t state_bytes = 0;               ///< Of HandedOver.
  std::string route{};                         ///< That it is about; empty when it is about a plugin as a whole.
};

/// The enum's own spelling.
std::string_view name(HostEventKind kind) noexcept;

/// One topic that a bridge carries. All numbers are the bridge's own word, since it started.
struct OpenTopicSnapshot {
  std::string topic;
  SchemaHash schema{};  ///< Of its type: what the outside knows the topic by, beside its name.
  struct Says {
    std::uint64_t sent = 0;  ///< Messages to the outside, each copied once.
    std::uint64_t sent_bytes = 0;
    std::uint64_t unconnected = 0;  ///< Not sent: nothing was there to send to.
    std::uint64_t no_memory = 0;    ///< Not sent: the outside had no memory for it.
    std::uint64_t received = 0;     ///< Messages from the outside, each copied once.
    std::uint64_t received_bytes = 0;
    std::uint64_t lost = 0;     ///< In the queue from the outside, which was full.
    std::uint64_t refused = 0;  ///< From the outside: of another schema, or larger than the lane takes.
    std::uint32_t readers = 0;  ///< Outside, now, where a bridge knows them.
    std::uint32_t writers = 0;
    std::uint64_t wrong_schema = 0;  ///< Of `refused`: of another schema ...
    SchemaHash other_schema{};       ///< ... and of which, the last of them.
    std::uint64_t invalid = 0;       ///< Of `refused`: no FlatBuffer of the topic's type.
  } says{};
};

/// What an instance has left with the host, to be published when it vanishes.
struct LastWillSnapshot {
  std::string topic;
  std::string name{};       ///< As its manifest calls it.
  std::uint64_t bytes = 0;  ///< 0: it has not set one yet.
  std::uint64_t set = 0;    ///< How often it has.
};

/// One plugin version that runs, or waits to.
struct PluginSnapshot {
  std::string plugin;
  std::string version;
  std::string state;      ///< "Active", "Draining", ..., "Restarting", "Quarantined", "Stopped"
  std::string admission;  ///< "Open", "Draining", "Drained" or "Disabled": whether it gets new work.
  std::uint64_t instance = 0;
  std::uint32_t seat = 0;          ///< Of a plugin with several instances: which of them it is, from 0 on.
  std::int64_t pid = 0;            ///< Of the plugin process; 0 when it has none.
  std::uint64_t sent = 0;          ///< Messages pushed to it.
  std::uint64_t done = 0;          ///< Of these, done by its own word.
  std::uint64_t received = 0;      ///< Publications taken from it.
  std::uint64_t copied = 0;        ///< Payloads of it that the host copied on.
  std::uint32_t held_chunks = 0;   ///< Of the host's pool, that it holds.
  std::uint64_t over_cap = 0;      ///< Messages that came while it held as many as it may.
  std::uint32_t lent_chunks = 0;   ///< Of its own pool, that the host or its readers hold.
  std::uint64_t says_refused = 0;  ///< Loans from its own pool that it was refused, by its own word.
  std::uint64_t says_failed = 0;   ///< Handlers of it that failed with nobody to tell, as a topic's; by its own word.
  std::uint32_t crashes = 0;       ///< Since the host started: ends that a restart or quarantine followed.
  std::uint64_t exceptions = 0;    ///< Of this instance: calls that were answered with what the handler threw.
  bool warm = false;               ///< It is kept up while another version serves: no route leads to it,
  bool shadow = false;             ///< Or it is tried as a shadow, and gets copies,
  std::uint64_t unheard = 0;       ///< and so much of what it sent by itself went nowhere.
  CrashCounts crash_kinds{};       ///< All ends of this plugin that a CrashReport tells of, by kind.
  std::string sha256;
  std::string trust;         ///< "Signed", "Listed" or "Unsigned"
  std::string signer;        ///< When signed: the name of the key.
  bool bridge = false;       ///< No plugin: `plugin` is "bridge:iceoryx", and `sha256`, `trust` are empty.
  std::string says_state{};  ///< Of a bridge, by its own word: what it is connected to.
  std::vector<OpenTopicSnapshot> open_topics{};  ///< Of a bridge that runs.
  std::string sandbox;         ///< "full", "without UserNamespace, ..."; empty until the instance has said it.
  std::uint32_t deferred = 0;  ///< Requests whose answers it owes, their handlers being left; by its own word.
  std::vector<LastWillSnapshot> last_wills{};  ///< One for each that its manifest declares.
  std::uint64_t last_wills_sent = 0;           ///< Of all its instances, since the host started.
  std::string says_health{};  ///< Of an instance, by its own word: "Serving", "Degraded" or "NotServing".
  std::string says_health_reason{};
  std::vector<ValidatorSnapshot> says_validators{};  ///< Of an instance, by its own word, since it started.
};

/// One topic or function, and who gets its messages. Counters are since the host started.
struct RouteSnapshot {
  std::string name;
  bool function = false;
  bool is_earlier = false;      ///< Its name means another route by now, with other types: it is for who knows these.
  std::string request;          ///< Type names; of a topic, its only type.
  std::string reply;            ///< Empty for a topic.
  std::uint32_t in_flight = 0;  ///< Calls without a reply.
  std::uint32_t in_flight_max = 0;      ///< 0 for a topic.
  std::uint64_t in_flight_refused = 0;  ///< Calls beyond that.
  std::string admission;                ///< Of the route by its own name, as of a plugin; or "Stopped".
  std::string why_down;                 ///< Why nothing new goes over it: "\"momentum\" is disabled: ..."; else empty.
  std::uint64_t turned_away = 0;        ///< Calls and publications that came while nothing new went over it.
  std::uint64_t passed_over = 0;        ///< Those with a hint that nobody suited.
  struct Receiver {
    std::string plugin;
    std::string version;     ///< Of the one that serves, or shall when it is up again.
    std::uint32_t seat = 0;  ///< Which of the plugin's instances.
    bool up = true;          ///< An instance serves.
    double share = 1;        ///< Of what goes to the plugin while all are up; 0 .. 1.
    std::string tag{};       ///< By which hints mean its version; so are the labels.
    std::map<std::string, std::string, std::less<>> labels{};
    std::uint64_t waiting = 0;      ///< Messages in its backlog now.
    std::uint64_t backlog = 0;      ///< How many may wait there.
    std::uint64_t dropped = 0;      ///< By the slow-consumer policy, or for want of a chunk.
    std::uint64_t refused = 0;      ///< Their sender was told so.
    std::uint64_t unknown = 0;      ///< Begun and not done when an instance died.
    std::uint64_t redelivered = 0;  ///< Sent once more, flagged.
    std::uint64_t conflated = 0;    ///< A newer message of the same key took their place.
    std::uint64_t latched = 0;      ///< Of what the topic keeps, given to an instance that came late.
    bool open = true;               ///< It gets what is sent; else only what waits for it already.
  };
  std::vector<Receiver> receivers;
  std::uint32_t subscriptions = 0;           ///< Of the host itself.
  std::uint32_t latched = 0;                 ///< Publications that the topic keeps now, for who comes late.
  std::uint32_t latched_max = 0;             ///< How many it may.
  std::chrono::nanoseconds deadline{};       ///< Of a call that names none; 0 for a topic.
  std::uint32_t retries = 0;                 ///< How often a call is tried again; 0 where who serves may not.
  std::string lts{};                         ///< The version that stands in for others; empty: none does.
  std::string lts_problem{};                 ///< Why it does not, though it is configured; empty: it does.
  std::uint64_t retried = 0;                 ///< How often a call was tried again,
  std::uint64_t retries_refused = 0;         ///< and was not, because too many had been.
  std::optional<std::uint64_t> fallbacks{};  ///< Calls that got its fallback; none: it has none.
  std::vector<BreakerSnapshot> breakers{};   ///< One for each version that its lts stands in for.
};

/// Memory that the host writes and the plugins of one compartment read.
struct PoolSnapshot {
  std::string compartment;  ///< Empty: the host's own, for topics that no plugin hears.
  std::uint64_t chunks = 0;
  std::uint64_t chunks_in_use = 0;  ///< Being built, waiting, or held by a plugin.
  std::uint64_t no_chunk = 0;       ///< Messages for which none was left.
};

/// Everything at one moment of the control loop; the data path goes on meanwhile.
struct HostSnapshot {
  std::string name;
  std::uint64_t epoch = 0;  ///< Of the route table: rises with every exchange.
  std::vector<PoolSnapshot> pools;
  std::vector<PluginSnapshot> plugins;
  std::vector<RouteSnapshot> routes;
  std::uint64_t in_flight = 0;                  ///< Calls without a reply.
  std::vector<ValidatorSnapshot> validators{};  ///< The host's own.
};

}  // namespace shunt
