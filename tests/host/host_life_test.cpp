/// Ends and starts that do not go as they should: a host outlives each of them, says what happened, and ends itself.
#include "cast.hpp"

#include <algorithm>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

std::ptrdiff_t count_events(Host& host, HostEventKind kind) {
  return std::ranges::count(host.events(), kind, &HostEvent::kind);
}

/// Whether the plugin got there.
bool await_state(Host& host, std::string_view plugin, std::string_view state) {
  return await([&] { return snapshot_of(host, plugin).state == state; });
}

HostConfiguration hostile(const char* breach) {
  auto liar = actor();
  liar.config["breach"] = {std::string{breach}};
  auto configuration = with({liar});
  configuration.launcher = HOSTILE_LAUNCHER;
  return configuration;
}

// ---- Plugins

class Plugins : public HostTest {};

TEST_F(Plugins, that_say_they_are_active_again_while_they_are_stopped_do_not_hold_the_stop) {
  Host host = start(hostile("a phase that is over, once a message came"));
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::optional<Frozen> frozen;
  frozen.emplace(host, "actor");
  ASSERT_TRUE(orders.publish(order({})));
  std::jthread stop{[&] { EXPECT_TRUE(host.stop("actor")); }};
  ASSERT_TRUE(await_state(host, "actor", "Draining"));

  frozen.reset();
  stop.join();

  EXPECT_EQ(count_events(host, HostEventKind::Active), 1);
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("PeerBreach"));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
}

TEST_F(Plugins, that_are_stopped_in_the_middle_of_a_phase_are_cleaned_up_after_it) {
  Host host = start(hostile("late, the second time"));
  ASSERT_TRUE(host.stop("actor"));
  std::jthread restart{[&] {
    const auto restarted = host.restart("actor");
    ASSERT_FALSE(restarted);
    EXPECT_THAT(restarted.error().message, HasSubstr("exited by itself with code 0"));
  }};
  ASSERT_TRUE(await_state(host, "actor", "Attached"));

  EXPECT_TRUE(host.stop("actor"));
}

}  // namespace
}  // namespace shunt::test
