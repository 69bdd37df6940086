#pragma once
/// The plugins of these tests, how a host is started with them, and how they are told what to do.
///
///     Host host = start({actor(), partner()});
///     auto client = host.client<actor::Client>().value();
///     const auto reply = client.act(order({.deed = Deed::Echo, .number = 7}));

#include "actor_client.hpp"
#include "leftovers.hpp"
#include "partner_client.hpp"

#include <shunt/host.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace shunt::test {

using stage::Deed;
using namespace std::chrono_literals;

/// Bounds every wait for a condition; no test waits for so long unless it fails.
inline constexpr std::chrono::seconds kPatience{30};

// ---- Plugins: unsigned, sleeping while they wait, so that many fit on few cores.

[[nodiscard]] PluginConfiguration plugin(const std::string& file);
[[nodiscard]] PluginConfiguration actor(std::string trouble = {});
[[nodiscard]] PluginConfiguration actor_2(std::string trouble = {});
[[nodiscard]] PluginConfiguration partner(std::int64_t pass_on = 1);
[[nodiscard]] PluginConfiguration partner_2();  ///< Which calls the actor's second version alone.

/// One the host trusts: large payloads of it are read in place.
[[nodiscard]] PluginConfiguration trusted(PluginConfiguration plugin);

/// A host of these, whose threads sleep while they wait.
[[nodiscard]] HostConfiguration with(std::vector<PluginConfiguration> plugins);
/// The settings of a route, made with the first use of its name.
[[nodiscard]] RouteConfiguration& route(HostConfiguration& configuration, const std::string& name);

/// Throws what went wrong.
[[nodiscard]] Host start(HostConfiguration configuration);
[[nodiscard]] Host start(std::vector<PluginConfiguration> plugins);

// ---- What they are told

struct Order {
  Deed deed = Deed::Echo;
  std::uint64_t number = 0;
  std::string_view text{};
  std::uint32_t bytes = 0;  ///< Of padding in the answer or publication; the order itself has none.
  std::uint32_t count = 1;
  Deed then = Deed::Echo;
  std::chrono::nanoseconds patience{0};
  std::uint32_t keys = 0;
  bool urgent = false;
};

/// A builder, for calls and publications.
[[nodiscard]] inline auto order(const Order& what) {
  return [what](flatbuffers::FlatBufferBuilder& build) {
    const auto text = build.CreateString(what.text.data(), what.text.size());
    return stage::CreateOrder(build, what.deed, what.number, text, what.bytes, what.count, what.then,
                              what.patience.count(), what.keys, what.urgent);
  };
}

// ---- Waiting for conditions

/// Whether `condition` came true within kPatience.
template <typename Condition>
bool await(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// The same, while this thread polls the host.
template <typename Condition>
bool poll_until(Host& host, Condition&& condition) {
  return await([&] { return static_cast<void>(host.poll()), condition(); });
}

/// The first event of this kind about `plugin` after number `seen`; throws when there is none in time.
HostEvent await_event(Host& host, HostEventKind kind, std::string_view plugin, std::uint64_t seen = 0);

/// Of the version of `plugin` that serves or last served; empty when the host has no such plugin.
[[nodiscard]] PluginSnapshot snapshot_of(Host& host, std::string_view plugin);
/// Of the plugin process, which may serve before the host has heard its number.
[[nodiscard]] std::int64_t pid_of(Host& host, std::string_view plugin);
[[nodiscard]] RouteSnapshot::Receiver receiver_of(Host& host, std::string_view route, std::string_view plugin);
/// Chunks that are not free, over all pools of the host.
[[nodiscard]] std::uint64_t chunks_in_use(Host& host);

/// Whether every thread of this process stands still after a SIGSTOP.
[[nodiscard]] bool is_stopped(std::int64_t pid);

/// Stops the plugin's process for as long as it lives: what is sent to it meanwhile waits.
class Frozen {
 public:
  Frozen(Host& host, std::string_view plugin);
  explicit Frozen(std::int64_t pid);  ///< Of a plugin process.
  ~Frozen();
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  int pidfd_ = -1;
};

/// Sends a signal to a process of this test's own, which is alive and not reaped.
void send_signal(std::int64_t pid, int signal);

}  // namespace shunt::test
