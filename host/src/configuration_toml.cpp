#include "breaker_toml.hpp"
#include "configuration_check.hpp"
#include "toml_fields.hpp"
#include "units.hpp"

#include <algorithm>
#include <array>

namespace shunt {
namespace {

constexpr std::array kWaitModes = {TomlWord{"spin", bus::Wait::Spin},
                                   TomlWord{"spin_then_sleep", bus::Wait::SpinThenSleep},
                                   TomlWord{"sleep", bus::Wait::Sleep}};
constexpr std::array kOrders = {TomlWord{"version", Order::Version}, TomlWord{"total", Order::Total}};
constexpr std::array kSlowConsumers = {
    TomlWord{"drop_oldest", SlowConsumer::DropOldest}, TomlWord{"drop_newest", SlowConsumer::DropNewest},
    TomlWord{"refuse", SlowConsumer::Refuse}, TomlWord{"conflate", SlowConsumer::Conflate}};
constexpr std::array kReadModes = {TomlWord{"auto", ReadMode::Auto}, TomlWord{"copy", ReadMode::Copy},
                                   TomlWord{"in_place", ReadMode::InPlace}};
constexpr std::array kPayloadPlaces = {TomlWord{"auto", PayloadPlace::Auto}, TomlWord{"inline", PayloadPlace::Inline},
                                       TomlWord{"chunk", PayloadPlace::Chunk}};

constexpr std::array kOpen = {TomlWord{"no", Open::No}, TomlWord{"iceoryx", Open::Iceoryx}, TomlWord{"dds", Open::Dds}};
constexpr std::array kReliabilities = {TomlWord{"reliable", Reliability::Reliable},
                                       TomlWord{"best_effort", Reliability::BestEffort}};
constexpr std::array kRoudis = {TomlWord{"auto", Roudi::Auto}, TomlWord{"embedded", Roudi::Embedded},
                                TomlWord{"join", Roudi::Join}};

/// `{ "256 B" = 1024, "4 KiB" = 256 }`, in any order.
Status read_pool(const TomlNode& node, std::vector<bus::SizeClass>& classes) {
  classes.clear();
  for (const TomlEntry& entry : *node.table()) {
    const auto bytes = parse_bytes(entry.key);
    if (!bytes) return error(ErrorCode::BadConfiguration, "{}: {}", entry.place, bytes.error().message);
    if (*bytes > UINT32_MAX)
      return error(ErrorCode::BadConfiguration, "{}: chunks of {}; a size below 4 GiB is meant", entry.place,
                   entry.key);
    const auto* const chunks = std::get_if<std::int64_t>(&entry.node.value);
    if (chunks == nullptr || *chunks < 1 || *chunks > UINT32_MAX)
      return error(ErrorCode::BadConfiguration,
                   "{}: a size class is its size and how many chunks, such as \"256 B\" = 1024", entry.node.place);
    classes.push_back({static_cast<std::uint32_t>(*bytes), static_cast<std::uint32_t>(*chunks)});
  }
  std::ranges::sort(classes, {}, &bus::SizeClass::bytes);
  return {};
}

Status read_cpus(const TomlNode& node, std::vector<std::uint32_t>& cpus) {
  for (const TomlNode& element : std::get<TomlNode::Array>(node.value)) {
    const auto* const cpu = std::get_if<std::int64_t>(&element.value);
    if (cpu == nullptr || *cpu < 0 || *cpu > UINT32_MAX)
      return error(ErrorCode::BadConfiguration, "{}: cpus has {}; numbers of CPUs are meant, such as [0, 1]",
                   element.place, cpu == nullptr ? std::string(element.kind()) : std::to_string(*cpu));
    cpus.push_back(static_cast<std::uint32_t>(*cpu));
  }
  return {};
}

/// `["a", "b"]`
Status read_texts(const TomlNode& node, std::string_view key, std::vector<std::string>& texts) {
  for (const TomlNode& element : std::get<TomlNode::Array>(node.value)) {
    const auto* const text = std::get_if<std::string>(&element.value);
    if (text == nullptr)
      return error(ErrorCode::BadConfiguration, "{}: {} has {}; strings are meant", element.place, key, element.kind());
    texts.push_back(*text);
  }
  return {};
}

/// Values for the plugin's own keys; which there are, the manifest says.
Status read_config(const TomlNode& node, std::map<std::string, ConfigValue>& config) {
  for (const TomlEntry& entry : *node.table()) {
    ConfigValue& value = config[entry.key];
    value.origin = entry.node.place;
    if (const auto* integer = std::get_if<std::int64_t>(&entry.node.value)) value.value = *integer;
    else if (const auto* real = std::get_if<double>(&entry.node.value)) value.value = *real;
    else if (const auto* flag = std::get_if<bool>(&entry.node.value)) value.value = *flag;
    else if (const auto* text = std::get_if<std::string>(&entry.node.value)) value.value = *text;
    else
      return error(ErrorCode::BadConfiguration, "{}: config.{} is {}; a number, true, false or a string is meant",
                   entry.node.place, entry.key, entry.node.kind());
  }
  return {};
}

constexpr std::array kSchedulings = {TomlWord{"other", Scheduling::Other}, TomlWord{"batch", Scheduling::Batch},
                                     TomlWord{"idle", Scheduling::Idle}, TomlWord{"fifo", Scheduling::Fifo},
                                     TomlWord{"round_robin", Scheduling::RoundRobin}};
constexpr std::array kClocks = {TomlWord{"system", PluginClock::System}, TomlWord{"driven", PluginClock::Driven}};
constexpr std::array kSandboxes = {TomlWord{"best", SandboxRequired::Best}, TomlWord{"full", SandboxRequired::Full}};

Status read_sandbox(const TomlNode& node, const std::string& member, TomlPlaces& places, SandboxLimits& sandbox) {
  TomlFields fields(node, "sandbox", member + ".sandbox", places);
  fields.bytes("memory", sandbox.memory_bytes);
  fields.bytes("memory_high", sandbox.memory_high_bytes);
  fields.count("threads", sandbox.threads);
  fields.count("open_files", sandbox.open_files);
  fields.count("denials", sandbox.denials);
  fields.choice("scheduling", sandbox.scheduling, kSchedulings);
  fields.count("priority", sandbox.priority);
  fields.number("nice", sandbox.nice);
  if (const auto* cpus = fields.array("cpus")) fields.complain(read_cpus(*cpus, sandbox.cpus));
  return fields.finish();
}

Status read_deadlines(const TomlNode& node, const std::string& member, TomlPlaces& places, PhaseDeadlines& deadlines) {
  TomlFields fields(node, "deadlines", member + ".deadlines", places);
  fields.duration("load", deadlines.load);
  fields.duration("init", deadlines.init);
  fields.duration("validate", deadlines.validate);
  fields.duration("activate", deadlines.activate);
  fields.duration("drain", deadlines.drain);
  fields.duration("cleanup", deadlines.cleanup);
  fields.duration("state", deadlines.state);
  return fields.finish();
}

Status read_restart(const TomlNode& node, const std::string& member, TomlPlaces& places, RestartPolicy& restart) {
  TomlFields fields(node, "restart", member + ".restart", places);
  fields.duration("delay", restart.delay_first);
  fields.duration("delay_max", restart.delay_max);
  fields.duration("healthy", restart.healthy_after);
  fields.count("crashes", restart.crashes_max);
  fields.duration("window", restart.crash_window);
  return fields.finish();
}

/// Also an empty path, which is refused later with its place, stays empty.
std::filesystem::path beside(const std::filesystem::path& folder, const std::string& text) {
  return text.empty() ? std::filesystem::path() : (folder / text).lexically_normal();
}

Status read_plugin(const TomlNode& node, const std::filesystem::path& folder, const std::string& member,
                   TomlPlaces& places, PluginConfiguration& plugin) {
  plugin.origin = node.place;
  std::string path, sha256;
  std::uint32_t workers = 0, in_flight_max = 0;
  TomlFields fields(node, "[[plugin]]", member, places);
  fields.text("path", path);
  fields.count("instances", plugin.instances);
  if (const auto* pool = fields.table("outbound")) fields.complain(read_pool(*pool, plugin.outbound));
  if (const auto* pool = fields.table("inbound")) fields.complain(read_pool(*pool, plugin.inbound));
  fields.text("compartment", plugin.compartment);
  if (const auto* inner = fields.table("sandbox"))
    fields.complain(read_sandbox(*inner, member, places, plugin.sandbox));
  if (const auto* inner = fields.table("config")) fields.complain(read_config(*inner, plugin.config));
  if (const auto* inner = fields.table("deadlines"))
    fields.complain(read_deadlines(*inner, member, places, plugin.deadlines));
  fields.duration("grace", plugin.grace);
  fields.duration("handler_max", plugin.handler_max);
  fields.duration("hold_max", plugin.hold_max);
  fields.count("workers", workers);
  fields.count("in_flight_max", in_flight_max);
  fields.count("slots", plugin.slots);
  fields.choice("wait", plugin.wait, kWaitModes);
  if (const auto* inner = fields.table("restart"))
    fields.complain(read_restart(*inner, member, places, plugin.restart));
  fields.text("sha256", sha256);
  fields.flag("active", plugin.active);
  fields.flag("warm", plugin.warm);
  fields.text("tag", plugin.tag);
  fields.texts("labels", plugin.labels);
  fields.duration("health_period", plugin.health_period);
  fields.choice("clock", plugin.clock, kClocks);
  fields.bytes("state_max", plugin.state_max);
  plugin.path = beside(folder, path);
  if (places.contains(member + ".sha256")) plugin.sha256 = sha256;
  if (places.contains(member + ".workers")) plugin.workers = workers;
  if (places.contains(member + ".in_flight_max")) plugin.in_flight_max = in_flight_max;
  return fields.finish();
}

/// A key that changes nothing for this kind of route was written by mistake.
Status check_kind(const std::string& route, const std::string& member, const TomlPlaces& places) {
  const bool is_function = route.find('/') != std::string::npos;
  const auto foreign = is_function ? std::vector<std::string_view>{"slow_consumer", "latched", "latched_bytes", "open"}
                                   : std::vector<std::string_view>{"deadline", "in_flight_max", "wait",    "lts",
                                                                   "breaker",  "retries",       "fallback"};
  for (const std::string_view key : foreign)
    if (const auto place = places.find(fmt::format("{}.{}", member, key)); place != places.end())
      return error(ErrorCode::BadConfiguration, "{}: {} is for {} alone, and {:?} is a {}", place->second, key,
                   is_function ? "topics" : "functions", route, is_function ? "function" : "topic");
  return {};
}

/// `[{ version = "1.4.0", weight = 80 }, ...]`
Status read_targets(const TomlNode& node, const std::string& member, TomlPlaces& places,
                    std::vector<RouteTarget>& targets) {
  for (const TomlNode& element : std::get<TomlNode::Array>(node.value)) {
    const auto name = fmt::format("{}.targets[{}]", member, targets.size());
    if (element.table() == nullptr)
      return error(ErrorCode::BadConfiguration,
                   "{}: {} is {}; a table such as {{ version = \"1.4.0\", weight = 80 }} is "
                   "meant",
                   element.place, name, element.kind());
    RouteTarget& target = targets.emplace_back();
    TomlFields fields(element, name, name, places);
    fields.text("version", target.version);
    fields.count("weight", target.weight);
    fields.flag("on", target.on);
    fields.text("plugin", target.plugin);
    SHUNT_CHECK(fields.finish());
  }
  return {};
}

Status read_route(const TomlEntry& entry, TomlPlaces& places, RouteConfiguration& route) {
  const auto member = fmt::format("routes.{:?}", entry.key);
  route.name = entry.key;
  route.origin = entry.place;
  TomlFields fields(entry.node, fmt::format("[{}]", member), member, places);
  fields.duration("deadline", route.deadline);
  fields.choice("slow_consumer", route.slow_consumer, kSlowConsumers);
  std::uint32_t backlog = 0;
  fields.count("backlog", backlog);
  if (places.contains(member + ".backlog")) route.backlog = backlog;
  fields.count("latched", route.latched);
  fields.bytes("latched_bytes", route.latched_bytes);
  fields.count("in_flight_max", route.in_flight_max);
  fields.choice("read", route.read, kReadModes);
  fields.choice("payload", route.payload, kPayloadPlaces);
  if (const auto* targets = fields.array("targets"))
    fields.complain(read_targets(*targets, member, places, route.targets));
  fields.text("lts", route.lts);
  if (const auto* breaker = fields.table("breaker"))
    fields.complain(read_breaker(*breaker, member + ".breaker", places, route.breaker.emplace()));
  fields.count("retries", route.retries);
  fields.text("fallback", route.fallback);
  fields.flag("sticky", route.sticky);
  fields.choice("order", route.order, kOrders);
  fields.choice("open", route.open, kOpen);
  fields.choice("wait", route.wait, kWaitModes);
  fields.complain(check_kind(entry.key, member, places));
  return fields.finish();
}

Status read_host(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                 HostConfiguration& configuration) {
  std::string launcher, admin_socket, incidents, notifier;
  TomlFields fields(node, "[host]", "host", places);
  fields.text("name", configuration.name);
  fields.text("launcher", launcher);
  fields.text("admin_socket", admin_socket);
  fields.flag("require_fallback", configuration.require_fallback);
  fields.text("incidents", incidents);
  fields.text("notifier", notifier);
  configuration.launcher = beside(folder, launcher);
  configuration.incidents = beside(folder, incidents);
  configuration.notifier = beside(folder, notifier);
  if (places.contains("host.admin_socket")) configuration.admin_socket = beside(folder, admin_socket);
  return fields.finish();
}

/// An array of paths beside host.toml.
Status read_paths(const TomlNode& node, const std::filesystem::path& folder, std::string_view key,
                  std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  SHUNT_CHECK(read_texts(node, key, texts));
  for (const std::string& text : texts) paths.push_back(beside(folder, text));
  return {};
}

Status read_trust(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                  TrustConfiguration& trust) {
  TomlFields fields(node, "[trust]", "trust", places);
  const auto paths = [&](std::string_view key, std::vector<std::filesystem::path>& member) {
    if (const auto* array = fields.array(key)) fields.complain(read_paths(*array, folder, key, member));
  };
  const auto texts = [&](std::string_view key, std::vector<std::string>& member) {
    if (const auto* array = fields.array(key)) fields.complain(read_texts(*array, key, member));
  };
  paths("keys", trust.keys);
  texts("revoked", trust.revoked);
  paths("revoked_in", trust.revoked_in);
  texts("listed", trust.listed);
  paths("listed_in", trust.listed_in);
  fields.flag("allow_unsigned", trust.allow_unsigned);
  fields.flag("system_libraries", trust.system_libraries);
  return fields.finish();
}

Status read_required(const TomlNode& node, TomlPlaces& places, SandboxRequired& required) {
  TomlFields fields(node, "[sandbox]", "sandbox", places);
  fields.choice("require", required, kSandboxes);
  return fields.finish();
}

Status read_iceoryx(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                    IceoryxBridgeConfiguration& bridge) {
  std::string program;
  TomlFields fields(node, "[bridges.iceoryx]", "bridges.iceoryx", places);
  fields.text("program", program);
  fields.choice("roudi", bridge.roudi, kRoudis);
  if (const auto* pool = fields.table("shared")) fields.complain(read_pool(*pool, bridge.shared));
  if (const auto* pool = fields.table("outbound")) fields.complain(read_pool(*pool, bridge.outbound));
  if (const auto* pool = fields.table("inbound")) fields.complain(read_pool(*pool, bridge.inbound));
  fields.count("slots", bridge.slots);
  bridge.program = beside(folder, program);
  return fields.finish();
}

Status read_dds_topic(const TomlEntry& entry, TomlPlaces& places, DdsTopicConfiguration& topic) {
  const auto member = fmt::format("bridges.dds.topics.{:?}", entry.key);
  topic.name = entry.key;
  if (entry.node.table() == nullptr)
    return error(ErrorCode::BadConfiguration, "{}: {} is {}; a table is meant", entry.node.place, member,
                 entry.node.kind());
  TomlFields fields(entry.node, fmt::format("[{}]", member), member, places);
  fields.choice("reliability", topic.reliability, kReliabilities);
  fields.count("history", topic.history);
  fields.flag("keyed", topic.keyed);
  return fields.finish();
}

Status read_dds(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                DdsBridgeConfiguration& bridge) {
  std::string program, configuration;
  TomlFields fields(node, "[bridges.dds]", "bridges.dds", places);
  fields.text("program", program);
  fields.count("domain", bridge.domain);
  if (const auto* names = fields.array("interfaces"))
    fields.complain(read_texts(*names, "interfaces", bridge.interfaces));
  if (const auto* names = fields.array("peers")) fields.complain(read_texts(*names, "peers", bridge.peers));
  fields.flag("multicast", bridge.multicast);
  fields.duration("lease", bridge.lease);
  fields.text("configuration", configuration);
  if (const auto* topics = fields.table("topics"))
    for (const TomlEntry& entry : *topics->table())
      fields.complain(read_dds_topic(entry, places, bridge.topics.emplace_back()));
  if (const auto* pool = fields.table("outbound")) fields.complain(read_pool(*pool, bridge.outbound));
  if (const auto* pool = fields.table("inbound")) fields.complain(read_pool(*pool, bridge.inbound));
  fields.count("slots", bridge.slots);
  bridge.program = beside(folder, program);
  bridge.configuration = beside(folder, configuration);
  return fields.finish();
}

Status read_bridges(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                    HostConfiguration& configuration) {
  TomlFields fields(node, "[bridges]", "bridges", places);
  if (const auto* iceoryx = fields.table("iceoryx"))
    fields.complain(read_iceoryx(*iceoryx, folder, places, configuration.iceoryx));
  if (const auto* dds = fields.table("dds")) fields.complain(read_dds(*dds, folder, places, configuration.dds));
  return fields.finish();
}

Status read_file(const TomlNode& node, const std::filesystem::path& folder, TomlPlaces& places,
                 HostConfiguration& configuration) {
  TomlFields fields(node, "the file", "", places);
  if (const auto* host = fields.table("host")) fields.complain(read_host(*host, folder, places, configuration));
  if (const auto* trust = fields.table("trust"))
    fields.complain(read_trust(*trust, folder, places, configuration.trust));
  if (const auto* sandbox = fields.table("sandbox"))
    fields.complain(read_required(*sandbox, places, configuration.sandbox_required));
  if (const auto* plugins = fields.array("plugin", "an array (write [[plugin]], with two brackets)")) {
    for (const TomlNode& element : std::get<TomlNode::Array>(plugins->value)) {
      const auto member = fmt::format("plugin[{}]", configuration.plugins.size());
      fields.complain(read_plugin(element, folder, member, places, configuration.plugins.emplace_back()));
    }
  }
  if (const auto* bridges = fields.table("bridges"))
    fields.complain(read_bridges(*bridges, folder, places, configuration));
  if (const auto* routes = fields.table("routes"))
    for (const TomlEntry& entry : *routes->table())
      fields.complain(read_route(entry, places, configuration.routes.emplace_back()));
  return fields.finish();
}

/// The place of a member, or of the closest table around it that was written.
std::string place_of(std::string member, const TomlPlaces& places) {
  for (;;) {
    if (const auto place = places.find(member); place != places.end()) return place->second;
    const auto dot = member.rfind('.');
    if (dot == std::string::npos) return places.at("");
    member.resize(dot);
  }
}

}  // namespace

Result<HostConfiguration> read_configuration(const std::filesystem::path& path) {
  SHUNT_TRY(root, read_toml(path));
  HostConfiguration configuration;
  TomlPlaces places;
  SHUNT_CHECK(read_file(root, path.parent_path(), places, configuration));
  if (const auto complaint = first_complaint(configuration))
    return error(ErrorCode::BadConfiguration, "{}: {} {}", place_of(complaint->member, places), complaint->member,
                 complaint->text);
  return configuration;
}

}  // namespace shunt
