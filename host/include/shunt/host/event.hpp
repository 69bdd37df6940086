#pragma once
/// One thing that happened, and what `shunt ls` shows: plain values.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

enum class HostEventKind : std::uint8_t {
  Started,
  Active,
  PhaseFailed,
  Ended,
  Restarting,
  Quarantined,
  Switched,
  SwitchUndone,
  Stopped,
  Joined
};

struct HostEvent {
  std::uint64_t number = 0;  ///< Counts from 1, without gaps.
  std::chrono::system_clock::time_point at{};
  HostEventKind kind = HostEventKind::Started;
  std::string plugin;
  std::string version;
  std::uint64_t instance = 0;
  std::string text;             ///< For people: what happened, and why.
  std::uint64_t in_flight = 0;  ///< Of Switched: messages that the old instance had not finished at the exchange.
};

std::string_view name(HostEventKind kind) noexcept;

/// One plugin version that runs, or waits to.
struct PluginSnapshot {
  std::string plugin;
  std::string version;
  std::string state;  ///< "Active", "Draining", ..., "Restarting", "Quarantined", "Stopped"
  std::uint64_t instance = 0;
  std::int64_t pid = 0;           ///< Of the plugin process; 0 when it has none.
  std::uint64_t sent = 0;         ///< Messages pushed to it.
  std::uint64_t done = 0;         ///< Of these, done by its own word.
  std::uint64_t received = 0;     ///< Publications taken from it.
  std::uint64_t copied = 0;       ///< Payloads of it that the host copied on.
  std::uint32_t held_chunks = 0;  ///< Of the host's pool, that it holds.
  std::uint32_t crashes = 0;      ///< Since the host started.
  std::string sha256;
  std::string trust;  ///< "Listed" or "Unsigned"
};

struct RouteSnapshot {
  std::string name;
  bool function = false;
  std::string request;  ///< Type names; of a topic, its only type.
  std::string reply;
  struct Receiver {
    std::string plugin;
    std::string version;
    std::uint64_t waiting = 0;
    std::uint64_t dropped = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown = 0;
    std::uint64_t redelivered = 0;
  };
  std::vector<Receiver> receivers;
  std::uint32_t subscriptions = 0;  ///< Of the host itself.
};

/// Memory that the host writes and the plugins of one compartment read.
struct PoolSnapshot {
  std::string compartment;          ///< Empty: the host's own, for topics that no plugin hears.
  std::uint64_t chunks_in_use = 0;  ///< Being built, waiting, or held by a plugin.
};

struct HostSnapshot {
  std::string name;
  std::uint64_t epoch = 0;  ///< Of the route table: rises with every exchange.
  std::vector<PoolSnapshot> pools;
  std::vector<PluginSnapshot> plugins;
  std::vector<RouteSnapshot> routes;
  std::uint64_t in_flight = 0;
};

}  // namespace shunt
