#pragma once
/// What a host runs and within which bounds: plain values, from host.toml or built in code.
///
///     HostConfiguration configuration;
///     configuration.plugins.push_back({.path = "plugins/libmomentum.so", .config = {{"window", {20}}}});
///     SHUNT_CHECK(check(configuration));
///
/// Every default is what host.toml leaves unsaid. Spellings in host.toml stand beside the members. Durations are above
/// zero and at most a day. All of these are values: copied and compared; nothing is read or started by them.

#include <shunt/bus/doorbell.hpp>
#include <shunt/bus/geometry.hpp>
#include <shunt/host/breaker_policy.hpp>
#include <shunt/host/route_target.hpp>
#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace shunt {

/// What happens to a message that finds its receiver's backlog full: drop_oldest, drop_newest or refuse (RingFull); or,
/// already while anything waits there, conflate: it takes the place of the older message of its key, and a full backlog
/// drops its oldest.
enum class SlowConsumer : std::uint8_t { DropOldest, DropNewest, Refuse, Conflate };

/// Where a received payload is verified and read: auto (copied up to 4 KiB and when the plugin is unsigned), copy,
/// in_place (its writer could change it after the check).
enum class ReadMode : std::uint8_t { Auto, Copy, InPlace };

/// What a switch keeps of the order of messages that go over a route: version (each version handles what it gets in
/// order, and the new one begins while the old one finishes) or total (the new one begins when the old one has
/// finished).
enum class Order : std::uint8_t { Version, Total };

/// Where a sent payload travels: auto (in the message when it fits there), inline (refused when it does not), chunk.
enum class PayloadPlace : std::uint8_t { Auto, Inline, Chunk };

/// How the kernel schedules a plugin's threads: other, batch, idle, fifo or round_robin. The last two take root.
enum class Scheduling : std::uint8_t { Other, Batch, Idle, Fifo, RoundRobin };

/// Whether a plugin runs where a layer of the sandbox cannot be had: best (with what there is) or full (not at all).
enum class SandboxRequired : std::uint8_t { Best, Full };

/// Whose applications a topic is open to, by a bridge, both ways: no, iceoryx or dds.
enum class Open : std::uint8_t { No, Iceoryx, Dds };

/// Which clock a plugin's timers are on: system (CLOCK_MONOTONIC) or driven (it stands still until
/// Host::advance_clock).
enum class PluginClock : std::uint8_t { System, Driven };

inline constexpr std::uint32_t kInstancesMax = 16;  ///< Of one version of a plugin.

/// What one instance may use. host.toml: `sandbox = { memory = "128 MiB", open_files = 64, cpus = [1] }`.
struct SandboxLimits {
  std::uint64_t memory_bytes = 128u << 20;      ///< Private writable memory (RLIMIT_DATA); 1 MiB .. 1 TiB.
  std::uint64_t memory_high_bytes = 64u << 20;  ///< In use, from which on an event tells of it; 0, or above it: none.
  std::uint32_t threads = 50;                   ///< The kit's two among them; 2 .. 10,000.
  std::uint32_t open_files = 64;                ///< 16 .. 65,536
  std::uint32_t denials = 1000;                 ///< Denied calls that end it; 1 .. 1,000,000,000.
  std::vector<std::uint32_t> cpus{};            ///< Numbers of CPUs it may run on, 0 .. 1023, each once; empty for all.
  Scheduling scheduling = Scheduling::Other;
  std::uint32_t priority = 1;  ///< Of fifo and round_robin; 1 .. 99.
  std::int32_t nice = 0;       ///< -20 .. 19; below 0 takes root.
  friend bool operator==(const SandboxLimits&, const SandboxLimits&) = default;
};

/// How long each phase may take before the instance is ended. `deadlines = { load = "5 s", init = ... }`; above 0.
struct PhaseDeadlines {
  std::chrono::nanoseconds load = kPhaseDeadline;
  std::chrono::nanoseconds init = kPhaseDeadline;
  std::chrono::nanoseconds validate = kPhaseDeadline;
  std::chrono::nanoseconds activate = kPhaseDeadline;
  std::chrono::nanoseconds drain = kPhaseDeadline;  ///< To finish what it had, once it is replaced or stopped.
  std::chrono::nanoseconds cleanup = kPhaseDeadline;
  std::chrono::nanoseconds state = kPhaseDeadline;  ///< To write down its state, and to restore one: each.
  friend bool operator==(const PhaseDeadlines&, const PhaseDeadlines&) = default;
};

/// When an instance that died is started again. `restart = { delay = "10 ms", delay_max = "5 s", healthy = "30 s",
/// crashes = 5, window = "30 s" }`.
struct RestartPolicy {
  std::chrono::nanoseconds delay_first = kRestartDelayFirst;  ///< Before the first restart; doubles with every crash.
  std::chrono::nanoseconds delay_max = kRestartDelayMax;      ///< At least delay_first.
  std::chrono::nanoseconds healthy_after = kCrashWindow;      ///< Active for this long: the delay starts over.
  std::uint32_t crashes_max = kCrashesBeforeQuarantine;  ///< This many within crash_window: quarantine; 1 .. 1,000.
  std::chrono::nanoseconds crash_window = kCrashWindow;
  friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

/// A value for a key of the plugin's manifest.
struct ConfigValue {
  std::variant<std::int64_t, double, bool, std::string> value;
  std::string origin{};  ///< "host.toml:12:24", for messages; empty when built in code.
  friend bool operator==(const ConfigValue&, const ConfigValue&) = default;
};

/// One `[[plugin]]`. Members without a remark are spelled in host.toml as here.
struct PluginConfiguration {
  std::filesystem::path path;   ///< host.toml: relative to itself. Each file stands once.
  std::uint32_t instances = 1;  ///< Processes that its messages are divided between; 1 .. kInstancesMax.
  std::vector<bus::SizeClass> outbound = {
      {256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< `{ "256 B" = 256 }`: the quota.
  std::vector<bus::SizeClass> inbound = {
      {256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< The same, towards the plugin.
  std::string compartment{};  ///< Plugins of one name share an inbound pool and may read all of it; empty: its own.
  SandboxLimits sandbox{};
  std::map<std::string, ConfigValue> config{};  ///< Checked against the manifest by resolve_settings.
  PhaseDeadlines deadlines{};
  std::chrono::nanoseconds grace = std::chrono::milliseconds(500);  ///< A call past its deadline, no answer: ended.
  std::chrono::nanoseconds handler_max = std::chrono::seconds(5);   ///< Work waiting and nothing done for this: ended.
  std::chrono::nanoseconds hold_max = std::chrono::seconds(10);     ///< At its cap, nothing returned for this: ended.
  /// Threads that run its handlers: 1 .. 64, and above 1 only where its manifest allows several; none: as that says.
  std::optional<std::uint32_t> workers{};
  /// Requests begun and not answered at one time: 1 .. 10,000; none: as its manifest says, or 50.
  std::optional<std::uint32_t> in_flight_max{};
  std::uint32_t slots = 256;                  ///< Per ring; a power of two, 16 .. 65,536.
  bus::Wait wait = bus::Wait::SpinThenSleep;  ///< spin, spin_then_sleep or sleep: the plugin, for messages.
  RestartPolicy restart{};
  std::optional<std::string> sha256{};  ///< 64 hex digits: only a file with these bytes is loaded; it counts as listed.
  bool active =
      false;          ///< Serves first when several versions of one plugin stand here; none marked: the first of them.
  bool warm = false;  ///< Kept up while another version serves: a switch to it is an exchange, and takes no start.
  /// What hints mean this version by, beside its number: `tag = "nightly"`, `labels = { region = "bj", canary = "1" }`.
  std::string tag{};
  std::map<std::string, std::string, std::less<>> labels{};
  std::string origin{};  ///< "host.toml:3:1", for messages; empty when built in code.
  std::chrono::nanoseconds health_period = std::chrono::seconds(1);  ///< How often its health is asked; from 10 ms on.
  PluginClock clock = PluginClock::System;                           ///< system or driven.
  std::uint64_t state_max = 64u << 20;  ///< Bytes of the state that it hands over; 1 KiB .. 1 GiB.
  friend bool operator==(const PluginConfiguration&, const PluginConfiguration&) = default;
};

inline constexpr std::uint32_t kCallsPending = 50, kPublicationsPending = 1024;

/// One `[routes."name"]`; a route that is not configured has the defaults. A function that a configured plugin does not
/// have is refused at the start; a name of no configured plugin may be that of one that joins by hand, and is an event.
struct RouteConfiguration {
  std::string name;  ///< "plugin/function", a topic, or how several begin: "momentum/*", "market.*".
  std::chrono::nanoseconds deadline = kDefaultDeadline;  ///< Of a call that names none.
  SlowConsumer slow_consumer = SlowConsumer::Refuse;
  /// Messages per receiver that wait for room in its ring; 0 .. 1,048,576. None: kCallsPending of a function, of a
  /// topic kPublicationsPending.
  std::optional<std::uint32_t> backlog{};
  std::uint32_t latched = 0;  ///< Of a topic: so many of its last publications are kept for who comes late; 0 .. 1,024.
  std::uint64_t latched_bytes = 64u << 10;  ///< Room for each of these; 192 B .. 1 GiB, and 1 GiB over all.
  std::uint32_t in_flight_max = 1000;       ///< Calls without a reply at one time; 1 .. 1,048,576.
  /// Versions that share the route, and their weights; none: all goes to the version that serves.
  std::vector<RouteTarget> targets{};
  /// Of a function: the version that its calls go to when those to another one fail; empty: none does. Marked `warm` it
  /// is kept up for that, else it is started then.
  std::string lts{};
  std::optional<BreakerPolicy> breaker{};  ///< When that is; only beside an `lts`, and there a BreakerPolicy{} if none.
  /// Of a function that is idempotent: how often a call is tried again which its plugin has failed; 0 .. 10. Over all
  /// calls of the route, one of five and ten more.
  std::uint32_t retries = 3;
  /// Of a function: the reply that a call gets which has failed, and not by its caller's own fault; JSON of its type.
  /// Empty: its caller gets the error.
  std::string fallback{};
  bool sticky = true;  ///< Where a plugin has several instances, messages of one key go to the same.
  ReadMode read = ReadMode::Auto;
  PayloadPlace payload = PayloadPlace::Auto;
  Order order = Order::Version;
  Open open = Open::No;  ///< Of a topic that a configured plugin hears or publishes. Its bridge is never waited for.
  bus::Wait wait = bus::Wait::SpinThenSleep;  ///< The host's threads, for a reply.
  std::string origin{};                       ///< "host.toml:9:1", for messages; empty when built in code.
  friend bool operator==(const RouteConfiguration&, const RouteConfiguration&) = default;
};

/// Which RouDi a bridge to iceoryx lives with: auto (the machine's where one runs, else one of its own), embedded (one
/// of its own: it waits until no other runs) or join (the machine's: it waits until one runs).
enum class Roudi : std::uint8_t { Auto, Embedded, Join };

/// `[bridges.iceoryx]`: the process that carries the topics with `open = "iceoryx"`. It starts where there is one.
struct IceoryxBridgeConfiguration {
  std::filesystem::path program{};  ///< Empty: shunt-bridge-iceoryx, beside the launcher.
  Roudi roudi = Roudi::Auto;
  std::vector<bus::SizeClass> shared = {
      {256, 1024}, {4u << 10, 256}, {64u << 10, 32}};  ///< `{ "256 B" = 1024 }`: the pool of a RouDi of its own.
  std::vector<bus::SizeClass> outbound = {
      {256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< As a plugin's: what comes from iceoryx.
  std::vector<bus::SizeClass> inbound = {{256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< And what goes there.
  std::uint32_t slots = 256;  ///< Per ring; a power of two, 16 .. 65,536.
  friend bool operator==(const IceoryxBridgeConfiguration&, const IceoryxBridgeConfiguration&) = default;
};

/// Whether DDS sends again what was lost on its way: reliable (while it is in the history) or best_effort (never).
enum class Reliability : std::uint8_t { Reliable, BestEffort };

/// `[bridges.dds.topics."name"]`: how one topic with `open = "dds"` travels.
struct DdsTopicConfiguration {
  std::string name;
  Reliability reliability = Reliability::Reliable;
  std::uint32_t history = 256;  ///< Messages that wait for a reader, and in the bridge for the host; 1 .. 65,536.
  bool keyed = false;           ///< Each key is an instance of DDS, with a history of its own.
  friend bool operator==(const DdsTopicConfiguration&, const DdsTopicConfiguration&) = default;
};

/// `[bridges.dds]`: the process that carries the topics with `open = "dds"`. It starts where there is one.
struct DdsBridgeConfiguration {
  std::filesystem::path program{};        ///< Empty: shunt-bridge-dds, beside the launcher.
  std::uint32_t domain = 0;               ///< 0 .. 230
  std::vector<std::string> interfaces{};  ///< Names of the network interfaces it uses; empty: DDS chooses one.
  std::vector<std::string> peers{};       ///< Addresses and names of machines that multicast does not find.
  bool multicast = true;
  std::chrono::nanoseconds lease = std::chrono::seconds(10);  ///< Who is silent for so long has gone; 100 ms .. 1 day.
  std::filesystem::path configuration{};  ///< A file of Cyclone DDS, instead of the four before this one.
  std::vector<DdsTopicConfiguration> topics{};
  std::vector<bus::SizeClass> outbound = {
      {256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< As a plugin's: what comes from DDS.
  std::vector<bus::SizeClass> inbound = {{256, 256}, {4u << 10, 64}, {64u << 10, 8}};  ///< And what goes there.
  std::uint32_t slots = 256;  ///< Per ring; a power of two, 16 .. 65,536.
  friend bool operator==(const DdsBridgeConfiguration&, const DdsBridgeConfiguration&) = default;
};

/// Which plugins run: `[trust]`. The files are read when the host starts, and again for every plugin that joins later.
struct TrustConfiguration {
  std::vector<std::filesystem::path> keys{};        ///< Public keys, as `shunt keygen` makes them.
  std::vector<std::string> revoked{};               ///< 64 hex digits each: public keys, and sha256 sums of plugins.
  std::vector<std::filesystem::path> revoked_in{};  ///< Files of the same, one a line.
  std::vector<std::string> listed{};                ///< sha256 sums of plugins: 64 hex digits each.
  std::vector<std::filesystem::path> listed_in{};   ///< Files as `sha256sum` prints them, such as plugins.sha256.
  bool allow_unsigned = false;                      ///< Run plugins that nobody has signed or listed.
  bool system_libraries = false;  ///< Take libraries that no manifest lists from folders that only root can write.
  friend bool operator==(const TrustConfiguration&, const TrustConfiguration&) = default;
};

inline constexpr std::size_t kSocketPathBytesMax = 107;  ///< sockaddr_un::sun_path without its zero.

/// A whole host.toml. The members above `trust` stand in its table `[host]`.
struct HostConfiguration {
  std::string name = "shunt";                           ///< Of this host, among others; as a plugin's name.
  std::filesystem::path launcher{};                     ///< Empty: beside the executable, then the install prefix.
  std::optional<std::filesystem::path> admin_socket{};  ///< At most kSocketPathBytesMax; none: no socket.
  std::filesystem::path incidents{};  ///< A folder for what is known of rollouts that were rolled back; empty: none.
  std::filesystem::path notifier{};   ///< A program that is started with the path of each; empty: none.
  TrustConfiguration trust{};
  bool require_fallback = false;  ///< A plugin with a function that has no `fallback` is refused.
  SandboxRequired sandbox_required = SandboxRequired::Best;  ///< `[sandbox] require`.
  std::vector<PluginConfiguration> plugins{};
  std::vector<RouteConfiguration> routes{};
  IceoryxBridgeConfiguration iceoryx{};  ///< `[bridges.iceoryx]`
  DdsBridgeConfiguration dds{};          ///< `[bridges.dds]`
  friend bool operator==(const HostConfiguration&, const HostConfiguration&) = default;
};

/// Reads host.toml and checks it. Paths in it are relative to its folder. Touches no other file.
/// Errors: System (the file cannot be read), BadConfiguration (with file, line, column and what was meant).
Result<HostConfiguration> read_configuration(const std::filesystem::path& path);

/// Whether a host can be what `configuration` says; read_configuration has asked this already.
/// Errors: BadConfiguration, naming the member ("plugin[0].slots is 100: ...").
Status check(const HostConfiguration& configuration);

}  // namespace shunt
