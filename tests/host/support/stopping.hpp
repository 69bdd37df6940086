#pragma once
/// What tests of stop, drain, disable, enable and restart stand on.

#include "patient.hpp"

#include <algorithm>

namespace shunt::test {

class Stopping : public HostTest {
 protected:
  /// Whether the plugin got there.
  static bool await_admission(Host& host, std::string_view plugin, std::string_view admission) {
    return await([&] { return snapshot_of(host, plugin).admission == admission; });
  }
  static std::ptrdiff_t count_events(Host& host, HostEventKind kind) {
    return std::ranges::count(host.events(), kind, &HostEvent::kind);
  }
  static Error call_fails(Host& host) {
    const auto reply = host.client<actor::Client>().value().act(order({}), {.deadline = 30s});
    return reply ? Error{} : reply.error();
  }
  static bool serves(Host& host) {
    auto client = host.client<actor::Client>().value();
    return client.act(order({}), {.deadline = 30s}) && client.repeat(order({}), {.deadline = 30s});
  }
  /// Publications, and then one call, that a plugin which stands still has before it.
  static void give_work(Host& host, std::uint64_t publications) {
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    for (std::uint64_t i = 0; i < publications; ++i)
      ASSERT_TRUE(orders.publish(order({.deed = Deed::Publish, .number = i})));
  }
};

}  // namespace shunt::test
