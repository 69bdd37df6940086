#include "host_under_storm.hpp"

#include "waiting.hpp"

#include <shunt/host/doctor.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

namespace storm {
namespace {

using shunt::HostConfiguration;
using shunt::PluginConfiguration;
using shunt::SandboxRequired;
using namespace std::chrono_literals;

/// Bounds that only something stuck reaches, and restarts without end.
PluginConfiguration plugin(const char* path) {
  PluginConfiguration configuration;
  configuration.path = path;
  configuration.wait = shunt::bus::Wait::Sleep;
  configuration.inbound = {{256, 256}, {4u << 10, 64}, {64u << 10, 16}};
  configuration.deadlines = {kHang, kHang, kHang, kHang, kHang, kHang};
  configuration.handler_max = kHang;
  configuration.hold_max = kHang;
  configuration.restart = {.delay_first = 1ns, .delay_max = 1ns, .crashes_max = 1000, .crash_window = 1ns};
  return configuration;
}

/// None may run in less than this machine can give.
SandboxRequired what_can_be_had(const std::filesystem::path& launcher) {
  const auto layers = shunt::examine_sandbox(launcher);
  const bool full = layers && std::ranges::all_of(*layers, &shunt::SandboxLayer::applied);
  return full ? SandboxRequired::Full : SandboxRequired::Best;
}

HostConfiguration configuration_of(const StormOptions& options) {
  HostConfiguration configuration;
  configuration.name = "storm";
  configuration.launcher = options.launcher;
  configuration.sandbox_required = what_can_be_had(options.launcher);
  configuration.trust.allow_unsigned = true;
  configuration.plugins.push_back(plugin(options.witness));
  configuration.plugins.back().active = true;
  configuration.plugins.back().instances = options.instances;
  if (options.both_versions) {
    configuration.plugins.push_back(plugin(STORM_WITNESS_1_1));
    configuration.plugins.back().instances = options.instances == 1 ? 1 : options.instances + 1;
  }
  configuration.plugins.push_back(plugin(STORM_RELAY));
  for (const char* route : {"witness/ask", "witness/order", "relay/pass", "storm.told", "storm.repeated",
                            "storm.forwarded", "storm.receipts"})
    configuration.routes.push_back(
        {.name = route, .deadline = kHang, .read = options.read, .wait = shunt::bus::Wait::Sleep});
  return configuration;
}

/// What the threads of a process do now, as far as the kernel tells us: " (S in system call 202)" for each.
std::string doing(std::int64_t pid) {
  std::string text;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", pid), gone}) {
    std::string stat, call;
    std::getline(std::ifstream{thread.path() / "stat"}, stat);
    std::ifstream{thread.path() / "syscall"} >> call;
    if (const auto name_end = stat.rfind(") "); name_end != std::string::npos)
      text += fmt::format(" ({} in system call {})", stat[name_end + 2], call);
  }
  return text;
}

/// Two that say the same seat: a switch has led away from one of them, and nobody retired it. Empty: there are none.
std::string in_no_seat(const shunt::HostSnapshot& seen) {
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> seated;
  for (const auto& each : seen.plugins) {
    const auto [other, is_first] = seated.try_emplace({each.plugin, each.seat}, each.instance);
    if (!is_first)
      return fmt::format("{} #{} and #{} are both for seat {}", each.plugin, other->second, each.instance, each.seat);
  }
  return {};
}

}  // namespace

HostUnderStorm::HostUnderStorm(const StormOptions& options) {
  ::setenv("STORM_EVIDENCE", (directory_.path() / "evidence").c_str(), 1);  // launchers hear of it that way
  auto host = shunt::Host::start(configuration_of(options));
  if (!host) throw std::runtime_error("the host does not start: " + to_string(host.error()));
  host_.emplace(std::move(*host));
}

/// Why this is not all at rest; empty when it is.
std::string HostUnderStorm::restless(const shunt::HostSnapshot& seen) {
  if (seen.in_flight > 0) return fmt::format("{} requests are in flight", seen.in_flight);
  for (const auto& route : seen.routes)
    for (const auto& receiver : route.receivers)
      if (receiver.waiting > 0) return fmt::format("{} messages wait on {}", receiver.waiting, route.name);
  for (const auto& plugin : seen.plugins) {
    if (plugin.state != "Active") return fmt::format("{} is {}", plugin.plugin, plugin.state);
    if (plugin.done != plugin.sent)
      return fmt::format("{} has done {} of {} messages", plugin.plugin, plugin.done, plugin.sent);
    if (plugin.held_chunks > 0) return fmt::format("{} holds {} chunks", plugin.plugin, plugin.held_chunks);
  }
  if (std::string stray = in_no_seat(seen); !stray.empty()) return stray;
  for (const auto& pool : seen.pools)
    if (pool.chunks_in_use > 0)
      return fmt::format("{} chunks towards \"{}\" are in use", pool.chunks_in_use, pool.compartment);
  return {};
}

std::string HostUnderStorm::settle() {
  std::string reason;
  // What a plugin has sent is on the host's side only after a poll, and may set another plugin to work: at rest is what
  // is so before and after one that found nothing new.
  const auto rests = [&] {
    const auto before = evidence().handled();
    reason = restless(host_->snapshot());
    if (!reason.empty()) return static_cast<void>(host_->poll()), false;
    while (host_->poll().value_or(0) > 0) {
    }
    reason = restless(host_->snapshot());
    return reason.empty() && evidence().handled() == before;
  };
  if (eventually(rests)) return {};
  return (reason.empty() ? "handlers keep being entered" : reason) + "; " + describe(*host_);
}

void HostUnderStorm::wipe() { evidence_.wipe(); }

std::optional<shunt::PluginSnapshot> find_instance(shunt::Host& host, std::string_view plugin, std::uint64_t after,
                                                   std::string_view state) {
  for (auto& each : host.snapshot().plugins)
    if (each.plugin == plugin && each.instance > after && each.pid > 0 && (state.empty() || each.state == state))
      return std::move(each);
  return std::nullopt;
}

std::string describe(shunt::Host& host) {
  constexpr std::size_t kEventsShown = 12;
  const auto seen = host.snapshot();
  std::string text = fmt::format("{} in flight", seen.in_flight);
  for (const auto& each : seen.plugins)
    text += fmt::format("\n  {} {} #{} for seat {} is {}: pid {}{}, sent {}, done {}, holds {}, lent {}, received {}",
                        each.plugin, each.version, each.instance, each.seat, each.state, each.pid, doing(each.pid),
                        each.sent, each.done, each.held_chunks, each.lent_chunks, each.received);
  for (const auto& route : seen.routes)
    for (const auto& receiver : route.receivers)
      text += fmt::format("\n  {} to {}: {} wait, {} dropped, {} refused, {} unknown, {} redelivered", route.name,
                          receiver.plugin, receiver.waiting, receiver.dropped, receiver.refused, receiver.unknown,
                          receiver.redelivered);
  for (const auto& pool : seen.pools)
    text += fmt::format("\n  {} chunks towards \"{}\" in use", pool.chunks_in_use, pool.compartment);
  const auto events = host.events();
  for (std::size_t i = events.size() - std::min(events.size(), kEventsShown); i < events.size(); ++i)
    text += fmt::format("\n  event: {} {} #{} {}", name(events[i].kind), events[i].plugin, events[i].instance,
                        events[i].text);
  return text;
}

std::uint64_t crashes_of(shunt::Host& host, std::string_view plugin) {
  for (const auto& each : host.snapshot().plugins)
    if (each.plugin == plugin) return each.crashes;
  return 0;
}

}  // namespace storm
