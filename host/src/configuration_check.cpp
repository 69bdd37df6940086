#include "configuration_check.hpp"

#include "digest.hpp"
#include "labels.hpp"
#include "route_prefix.hpp"
#include "units.hpp"

#include <shunt/bus/layout.hpp>
#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/names.hpp>
#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <bit>
#include <cctype>
#include <set>

namespace shunt {
namespace {

constexpr std::uint64_t kPoolBytesMax = 1u << 30;
constexpr std::uint64_t kMemoryMin = 16u << 20;  // the kit, two threads and the C library start in it
constexpr std::uint32_t kCpuMax = 1023;          // CPU_SETSIZE
constexpr std::uint32_t kQueueMax = 1u << 20;
constexpr std::uint32_t kLatchedMax = 1024;
constexpr std::size_t kFallbackBytesMax = 64u << 10;
constexpr std::chrono::milliseconds kHealthPeriodMin{10};
constexpr std::uint64_t kStateMaxMin = 1u << 10;
constexpr std::uint64_t kStateMaxMax = 1u << 30;  // FlatBuffers' offsets reach twice as far

/// Collects the first complaint about members of one prefix.
class Check {
 public:
  explicit Check(std::optional<Complaint>& first, std::string prefix = {})
      : first_(first), prefix_(std::move(prefix)) {}

  template <typename... Arguments>
  void require(bool holds, std::string_view member, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!holds && !first_)
      first_ = Complaint{prefix_ + std::string(member), fmt::format(text, std::forward<Arguments>(arguments)...)};
  }

  void range(std::string_view member, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    require(least <= value && value <= most, member, "is {}; a number from {} to {} is meant", value, least, most);
  }

  /// The kernel would take what stands before the zero byte: another file than the one that was checked.
  void no_zero_byte(std::string_view member, const std::filesystem::path& path) {
    require(path.native().find('\0') == std::string::npos, member, "is {:?}; a path without a zero byte is meant",
            path.native());
  }

  void duration(std::string_view member, std::chrono::nanoseconds value) {
    require(value > std::chrono::nanoseconds(0) && value <= std::chrono::hours(24), member,
            "is {} ns; a duration above zero and of at most a day is meant", value.count());
  }

 private:
  std::optional<Complaint>& first_;
  std::string prefix_;
};

void check_pool(Check& check, std::string_view member, const std::vector<bus::SizeClass>& classes) {
  const auto pool = bus::PoolGeometry::of(classes);
  check.require(pool.has_value(), member, "cannot be: {}", pool ? std::string() : pool.error().message);
  if (pool)
    check.require(pool->bytes() <= kPoolBytesMax, member,
                  "comes to {} bytes; a plugin's pool has at most {}: use fewer or "
                  "smaller chunks",
                  pool->bytes(), bytes_text(kPoolBytesMax));
}

void check_sandbox(Check& check, const SandboxLimits& sandbox) {
  check.require(sandbox.memory_bytes >= kMemoryMin && sandbox.memory_bytes <= std::uint64_t{1} << 40, "sandbox.memory",
                "is {}; 16 MiB to 1024 GiB are meant", bytes_text(sandbox.memory_bytes));
  check.range("sandbox.threads", sandbox.threads, 2, 10'000);
  check.range("sandbox.open_files", sandbox.open_files, 16, 65'536);
  check.range("sandbox.denials", sandbox.denials, 1, 1'000'000'000);
  check.range("sandbox.priority", sandbox.priority, 1, 99);
  check.require(sandbox.nice >= -20 && sandbox.nice <= 19, "sandbox.nice", "is {}; a number from -20 to 19 is meant",
                sandbox.nice);
  std::set<std::uint32_t> seen;
  for (const auto cpu : sandbox.cpus)
    check.require(cpu <= kCpuMax && seen.insert(cpu).second, "sandbox.cpus",
                  "has {}; numbers from 0 to {}, each once, are meant", cpu, kCpuMax);
}

void check_times(Check& check, const PluginConfiguration& plugin) {
  check.duration("deadlines.load", plugin.deadlines.load);
  check.duration("deadlines.init", plugin.deadlines.init);
  check.duration("deadlines.validate", plugin.deadlines.validate);
  check.duration("deadlines.activate", plugin.deadlines.activate);
  check.duration("deadlines.drain", plugin.deadlines.drain);
  check.duration("deadlines.cleanup", plugin.deadlines.cleanup);
  check.duration("deadlines.state", plugin.deadlines.state);
  check.duration("grace", plugin.grace);
  check.duration("handler_max", plugin.handler_max);
  check.duration("hold_max", plugin.hold_max);
  check.duration("health_period", plugin.health_period);
  check.require(plugin.health_period >= kHealthPeriodMin, "health_period", "is {}; 10 ms or more are meant",
                duration_text(plugin.health_period));
  check.duration("restart.delay", plugin.restart.delay_first);
  check.duration("restart.delay_max", plugin.restart.delay_max);
  check.require(plugin.restart.delay_max >= plugin.restart.delay_first, "restart.delay_max",
                "is below restart.delay; the delay grows from the one to the other");
  check.duration("restart.healthy", plugin.restart.healthy_after);
  check.range("restart.crashes", plugin.restart.crashes_max, 1, 1'000);
  check.duration("restart.window", plugin.restart.crash_window);
}

void check_slots(Check& check, std::uint32_t slots) {
  check.require(std::has_single_bit(slots) && slots >= 16 && slots <= 65'536, "slots",
                "is {}; a power of two from 16 to 65536 is meant", slots);
}

void check_plugin(Check& check, const PluginConfiguration& plugin) {
  check.require(!plugin.path.empty(), "path", "is missing; write path = \"plugins/libname.so\"");
  check.no_zero_byte("path", plugin.path);
  check.range("instances", plugin.instances, 1, kInstancesMax);
  check.require(plugin.instances == 1 || plugin.clock == PluginClock::System, "instances",
                "is {}, and its `clock` is driven: one that is driven is that of one instance", plugin.instances);
  check_pool(check, "outbound", plugin.outbound);
  check_pool(check, "inbound", plugin.inbound);
  check.require(plugin.compartment.empty() || is_name(plugin.compartment), "compartment",
                "is {:?}; a letter, then letters, digits, '_' and '-' are meant", plugin.compartment);
  check_sandbox(check, plugin.sandbox);
  check_times(check, plugin);
  if (plugin.workers) check.range("workers", *plugin.workers, 1, kWorkersMax);
  if (plugin.in_flight_max) check.range("in_flight_max", *plugin.in_flight_max, 1, kHandlersInFlightMax);
  check_slots(check, plugin.slots);
  check.require(plugin.state_max >= kStateMaxMin && plugin.state_max <= kStateMaxMax, "state_max",
                "is {}; 1 KiB to 1 GiB are meant", bytes_text(plugin.state_max));
  check.require(plugin.tag.empty() || is_label_value(plugin.tag), "tag",
                "is {:?}; 1 to 64 letters, digits, '.', '_', '+' and '-' are meant", plugin.tag);
  const auto labels = complaint_about(plugin.labels);
  check.require(!labels, "labels", "{}", labels.value_or(""));
  check.require(!plugin.sha256 || is_sum(*plugin.sha256), "sha256",
                "is {:?}; the 64 hex digits that `sha256sum` prints are meant", plugin.sha256.value_or(""));
}

void check_trust(Check& check, const TrustConfiguration& trust) {
  for (const std::string& each : trust.revoked)
    check.require(is_sum(each), "revoked", "has {:?}; 64 hex digits are meant: a public key or a sha256", each);
  for (const std::string& each : trust.listed)
    check.require(is_sum(each), "listed", "has {:?}; the 64 hex digits that `sha256sum` prints are meant", each);
  const auto files = [&](std::string_view member, const std::vector<std::filesystem::path>& paths) {
    for (const auto& path : paths) {
      check.require(!path.empty(), member, "has an empty path; a file is meant");
      check.no_zero_byte(member, path);
    }
  };
  files("keys", trust.keys);
  files("revoked_in", trust.revoked_in);
  files("listed_in", trust.listed_in);
}

void check_iceoryx(Check& check, const IceoryxBridgeConfiguration& bridge) {
  check.no_zero_byte("program", bridge.program);
  check_pool(check, "shared", bridge.shared);
  check_pool(check, "outbound", bridge.outbound);
  check_pool(check, "inbound", bridge.inbound);
  check_slots(check, bridge.slots);
}

/// What an address or an interface is made of, and nothing that the configuration of DDS could be ended by.
bool is_network_name(std::string_view name) {
  const auto fits = [](unsigned char each) {
    return std::isalnum(each) != 0 ||
           std::string_view{"._:-%@"}.find(static_cast<char>(each)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, fits);
}

void check_dds(Check& check, const DdsBridgeConfiguration& bridge, const std::vector<RouteConfiguration>& routes) {
  constexpr std::uint32_t kDomainMax = 230;  // the port of a higher one is none
  constexpr std::uint32_t kHistoryMax = 65'536;
  check.no_zero_byte("program", bridge.program);
  check.no_zero_byte("configuration", bridge.configuration);
  check.range("domain", bridge.domain, 0, kDomainMax);
  for (const auto& [member, names] : {std::pair{"interfaces", &bridge.interfaces}, {"peers", &bridge.peers}})
    for (const std::string& name : *names)
      check.require(is_network_name(name), member, "has {:?}; letters, digits and any of \"._:-%@\" are meant", name);
  check.require(bridge.lease >= std::chrono::milliseconds(100) && bridge.lease <= std::chrono::hours(24), "lease",
                "is {}; 100 ms to a day are meant", duration_text(bridge.lease));
  const DdsBridgeConfiguration defaults;
  check.require(bridge.configuration.empty() || (bridge.interfaces.empty() && bridge.peers.empty() &&
                                                 bridge.multicast && bridge.lease == defaults.lease),
                "configuration", "says it all: leave interfaces, peers, multicast and lease out");
  std::set<std::string_view> names;
  for (const DdsTopicConfiguration& topic : bridge.topics) {
    const auto member = fmt::format("topics.{:?}", topic.name);
    std::vector<std::string_view> open;
    for (const RouteConfiguration& route : routes)
      if (route.open == Open::Dds) open.push_back(route.name);
    const auto meant = nearest(topic.name, open);
    check.require(std::ranges::find(open, topic.name) != open.end(), member,
                  "is of no open topic: {}write [routes.{:?}] with open = \"dds\", or leave it out",
                  meant ? fmt::format("did you mean \"{}\"? Else ", *meant) : std::string{}, topic.name);
    check.require(names.insert(topic.name).second, member, "stands twice");
    check.range(member + ".history", topic.history, 1, kHistoryMax);
  }
  check_pool(check, "outbound", bridge.outbound);
  check_pool(check, "inbound", bridge.inbound);
  check_slots(check, bridge.slots);
}

/// iceoryx's own limits: of the text that names a service, and of what one of its threads listens to.
constexpr std::size_t kOpenNameBytesMax = 100;
constexpr std::ptrdiff_t kOpenTopicsMax = 100;

void check_open(Check& check, const RouteConfiguration& route) {
  if (route.open == Open::No) return;
  check.require(!host::is_route_prefix(route.name), "open", "is for one topic, by its whole name");
  check.require(!is_function_route(route.name), "open", "is for topics alone, and {:?} is a function", route.name);
  check.require(route.name.size() <= kOpenNameBytesMax, "open",
                "is for names of at most {} bytes, which the outside can say; this one has {}", kOpenNameBytesMax,
                route.name.size());
}

void check_targets(Check& check, const std::vector<RouteTarget>& targets) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const RouteTarget& target = targets[i];
    const auto member = fmt::format("targets[{}].", i);
    check.require(Version::parse(target.version).has_value(), member + "version",
                  "is {:?}; a version such as 1.4.0 is meant", target.version);
    check.range(member + "weight", target.weight, 0, kWeightMax);
    sum += target.on ? target.weight : 0;
  }
  check.require(targets.empty() || sum > 0, "targets", "have no weight together: nobody would get anything");
}

void check_breaker(Check& check, const BreakerPolicy& policy) {
  const auto duration = [&](std::string_view member, std::chrono::nanoseconds value) {
    check.require(value >= std::chrono::milliseconds{1} && value <= std::chrono::hours{24}, member,
                  "is {} ns; a duration from a millisecond to a day is meant", value.count());
  };
  check.range("breaker.windows", policy.windows, 1, 100);
  check.range("breaker.success_min", policy.success_min, 1, 1000);
  check.range("breaker.calls_min", policy.calls_min, 1, kQueueMax);
  check.range("breaker.probes", policy.probes, 1, kQueueMax);
  check.range("breaker.window_calls", policy.window_calls, 0, kQueueMax);
  check.require(policy.window.count() == 0 || policy.window_calls == 0, "breaker.window_calls",
                "is {}, and window {} ns: a window lasts for so many calls or for so long, not both",
                policy.window_calls, policy.window.count());
  if (policy.window_calls == 0) duration("breaker.window", policy.window);
  if (policy.below_for.count() != 0) duration("breaker.below_for", policy.below_for);
  if (policy.slow_after.count() != 0) duration("breaker.slow_after", policy.slow_after);
  duration("breaker.open_for", policy.open_for);
  duration("breaker.probes_within", policy.probes_within);
}

void check_lts(Check& check, const RouteConfiguration& route) {
  if (route.lts.empty())
    return check.require(!route.breaker, "breaker", "has nowhere to lead calls to: say an `lts` beside it");
  check.require(is_function_route(route.name), "lts", "is for functions alone, and {:?} is a topic", route.name);
  check.require(Version::parse(route.lts).has_value(), "lts", "is {:?}; a version such as 1.4.0 is meant", route.lts);
  check.require(route.order == Order::Version, "lts",
                "cannot be where the `order` is total: it works beside the version that it stands in for");
  if (route.breaker) check_breaker(check, *route.breaker);
}

void check_fallback(Check& check, const RouteConfiguration& route) {
  if (route.fallback.empty()) return;
  check.require(!host::is_route_prefix(route.name), "fallback",
                "is the reply of one function, and {:?} means several: give each its own [routes] entry", route.name);
  check.require(is_function_route(route.name), "fallback", "is for functions alone, and {:?} is a topic", route.name);
  check.require(route.fallback.size() <= kFallbackBytesMax, "fallback", "has {} bytes; {} are meant at most",
                route.fallback.size(), kFallbackBytesMax);
}

void check_route(Check& check, const RouteConfiguration& route) {
  check_targets(check, route.targets);
  check_lts(check, route);
  check_fallback(check, route);
  check.range("retries", route.retries, 0, 10);
  check.duration("deadline", route.deadline);
  check.range("backlog", route.backlog.value_or(0), 0, kQueueMax);
  check.range("in_flight_max", route.in_flight_max, 1, kQueueMax);
  check.range("latched", route.latched, 0, kLatchedMax);
  check.require(route.latched_bytes >= bus::kInlineBytesMax && route.latched_bytes <= kPoolBytesMax, "latched_bytes",
                "is {}; {} B to {} are meant", bytes_text(route.latched_bytes), bus::kInlineBytesMax,
                bytes_text(kPoolBytesMax));
  check.require(route.latched * route.latched_bytes <= kPoolBytesMax, "latched_bytes",
                "times {} comes to {}; a topic keeps at most {}", route.latched,
                bytes_text(route.latched * route.latched_bytes), bytes_text(kPoolBytesMax));
}

}  // namespace

std::optional<Complaint> first_complaint(const HostConfiguration& configuration) {
  std::optional<Complaint> first;
  Check host(first, "host.");
  host.require(is_name(configuration.name), "name",
               "is {:?}; a letter, then letters, digits, '_' and '-' are meant, at most 120", configuration.name);
  host.no_zero_byte("launcher", configuration.launcher);
  host.no_zero_byte("incidents", configuration.incidents);
  host.no_zero_byte("notifier", configuration.notifier);
  host.require(configuration.notifier.empty() || !configuration.incidents.empty(), "notifier",
               "is started with the files of a folder: say `incidents`, too");
  if (const auto& socket = configuration.admin_socket) {
    host.require(!socket->empty() && socket->native().size() <= kSocketPathBytesMax, "admin_socket",
                 "has {} bytes; a path of 1 to {} is meant", socket->native().size(), kSocketPathBytesMax);
    host.no_zero_byte("admin_socket", *socket);
  }

  Check trust(first, "trust.");
  check_trust(trust, configuration.trust);

  std::map<std::filesystem::path, std::size_t> paths;
  for (std::size_t i = 0; i < configuration.plugins.size(); ++i) {
    Check plugin(first, fmt::format("plugin[{}].", i));
    check_plugin(plugin, configuration.plugins[i]);
    const auto [same, is_new] = paths.emplace(configuration.plugins[i].path.lexically_normal(), i);
    plugin.require(is_new, "path", "is that of plugin[{}] as well; each file stands once", same->second);
  }

  Check iceoryx(first, "bridges.iceoryx.");
  check_iceoryx(iceoryx, configuration.iceoryx);
  Check dds(first, "bridges.dds.");
  check_dds(dds, configuration.dds, configuration.routes);

  std::set<std::string_view> names;
  for (const RouteConfiguration& route : configuration.routes) {
    const auto member = fmt::format("routes.{:?}", route.name);
    Check whole(first, member);
    const bool is_prefix = host::is_route_prefix(route.name);
    whole.require(is_route_name(route.name) || is_prefix, "",
                  "is no route; write \"plugin/function\" or a topic such as \"market.bars\", or how several begin: "
                  "\"market.*\"");
    whole.require(names.insert(route.name).second, "", "stands twice; put its members together");
    Check members(first, member + ".");
    check_route(members, route);
    check_open(members, route);
  }
  for (const auto& [world, spelling] : {std::pair{Open::Iceoryx, "iceoryx"}, {Open::Dds, "dds"}}) {
    const auto open = std::ranges::count(configuration.routes, world, &RouteConfiguration::open);
    Check(first).require(open <= kOpenTopicsMax, "routes", "has {} topics with open = \"{}\"; at most {} are meant",
                         open, spelling, kOpenTopicsMax);
  }
  return first;
}

Status check(const HostConfiguration& configuration) {
  const auto complaint = first_complaint(configuration);
  if (!complaint) return {};
  return error(ErrorCode::BadConfiguration, "{} {}", complaint->member, complaint->text);
}

}  // namespace shunt
