#include "cast.hpp"

#include <shunt/host/inspect.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::test {
namespace {

PluginConfiguration in_trouble(PluginConfiguration plugin, std::string trouble) {
  plugin.config["trouble"] = {std::move(trouble)};
  return plugin;
}

int open_pidfd(std::int64_t pid) {
  const auto pidfd = ::syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) throw std::runtime_error(fmt::format("there is no process {}", pid));
  return static_cast<int>(pidfd);
}

}  // namespace

PluginConfiguration plugin(const std::string& file) {
  PluginConfiguration plugin;
  plugin.path = PLUGINS + file;
  plugin.wait = bus::Wait::Sleep;
  return plugin;
}

PluginConfiguration actor(std::string trouble) { return in_trouble(plugin("libhost_actor.so"), std::move(trouble)); }
PluginConfiguration actor_2(std::string trouble) {
  return in_trouble(plugin("libhost_actor-2.so"), std::move(trouble));
}
PluginConfiguration partner(std::int64_t pass_on) {
  auto partner = plugin("libhost_partner.so");
  partner.config["pass-on"] = {pass_on};
  return partner;
}

PluginConfiguration partner_2() { return plugin("libhost_partner-2.so"); }

PluginConfiguration trusted(PluginConfiguration plugin) {
  plugin.sha256 = inspect_plugin(plugin.path).value().sha256;
  return plugin;
}

HostConfiguration with(std::vector<PluginConfiguration> plugins) {
  HostConfiguration configuration;
  configuration.launcher = LAUNCHER;
  configuration.trust.allow_unsigned = true;
  configuration.plugins = std::move(plugins);
  for (const char* name : {"actor/act", "actor/repeat", "partner/act", "actor.news", "partner.news", "stage.orders"})
    route(configuration, name).wait = bus::Wait::Sleep;
  return configuration;
}

RouteConfiguration& route(HostConfiguration& configuration, const std::string& name) {
  const auto known = std::ranges::find(configuration.routes, name, &RouteConfiguration::name);
  if (known != configuration.routes.end()) return *known;
  configuration.routes.emplace_back().name = name;
  return configuration.routes.back();
}

Host start(HostConfiguration configuration) {
  auto host = Host::start(std::move(configuration));
  if (!host) throw std::runtime_error(to_string(host.error()));
  return std::move(*host);
}

Host start(std::vector<PluginConfiguration> plugins) { return start(with(std::move(plugins))); }

HostEvent await_event(Host& host, HostEventKind kind, std::string_view plugin, std::uint64_t seen) {
  HostEvent found;
  const auto is_there = [&] {
    const auto events = host.events(seen);
    const auto event =
        std::ranges::find_if(events, [&](const HostEvent& each) { return each.kind == kind && each.plugin == plugin; });
    if (event != events.end()) found = *event;
    return event != events.end();
  };
  if (await(is_there)) return found;
  std::string happened;
  for (const HostEvent& each : host.events())
    happened += fmt::format("\n  {} {} {}", name(each.kind), each.plugin, each.text);
  throw std::runtime_error(fmt::format("waited in vain for {} of {}; there was:{}", name(kind), plugin, happened));
}

PluginSnapshot snapshot_of(Host& host, std::string_view plugin) {
  const auto snapshot = host.snapshot();
  const auto found = std::ranges::find(snapshot.plugins, plugin, &PluginSnapshot::plugin);
  return found == snapshot.plugins.end() ? PluginSnapshot{} : *found;
}

std::int64_t pid_of(Host& host, std::string_view plugin) {
  std::int64_t pid = 0;
  if (!await([&] { return (pid = snapshot_of(host, plugin).pid) > 0; }))
    throw std::runtime_error(fmt::format("{} has no process", plugin));
  return pid;
}

RouteSnapshot::Receiver receiver_of(Host& host, std::string_view route, std::string_view plugin) {
  for (const RouteSnapshot& each : host.snapshot().routes)
    for (const RouteSnapshot::Receiver& receiver : each.receivers)
      if (each.name == route && receiver.plugin == plugin) return receiver;
  throw std::runtime_error(fmt::format("{} does not receive {}", plugin, route));
}

std::uint64_t chunks_in_use(Host& host) {
  std::uint64_t sum = 0;
  for (const PoolSnapshot& pool : host.snapshot().pools) sum += pool.chunks_in_use;
  return sum;
}

/// The signal is on its way for a while, thread by thread.
bool is_stopped(std::int64_t pid) {
  for (const auto& task : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", pid)}) {
    std::ifstream status{task.path() / "status"};
    std::string line;
    while (std::getline(status, line) && !line.starts_with("State:")) {
    }
    if (line.find("T (") == std::string::npos) return false;
  }
  return true;
}

Frozen::Frozen(Host& host, std::string_view plugin) : Frozen(pid_of(host, plugin)) {}

Frozen::Frozen(std::int64_t pid) : pidfd_(open_pidfd(pid)) {
  ::syscall(SYS_pidfd_send_signal, pidfd_, SIGSTOP, nullptr, 0);
  if (!await([&] { return is_stopped(pid); })) throw std::runtime_error("it does not stop");
}

Frozen::~Frozen() {
  ::syscall(SYS_pidfd_send_signal, pidfd_, SIGCONT, nullptr, 0);
  ::close(pidfd_);
}

void send_signal(std::int64_t pid, int signal) {
  const int pidfd = open_pidfd(pid);
  ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
  ::close(pidfd);
}

}  // namespace shunt::test
