/// Breakers open and close under load, while versions are killed and switched: every call has an outcome, and in the
/// end all is as it was.
#include "cast.hpp"
#include "scale.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::test {
namespace {

const std::string kAct = "actor/act";

class BreakerStorm : public HostTest, public testing::WithParamInterface<bool> {
 protected:
  /// The second version serves, and the first one, warm or cold, stands in for it.
  static HostConfiguration guarded(bool warm) {
    auto lts = actor(), serving = actor_2();
    lts.warm = warm;
    serving.active = true;
    for (PluginConfiguration* const each : {&lts, &serving}) {
      each->restart.delay_first = each->restart.delay_max = 1ms;
      each->restart.crashes_max = 1000;
      each->restart.crash_window = 1ms;
    }
    HostConfiguration configuration = with({lts, serving});
    route(configuration, kAct).lts = "1.0.0";
    route(configuration, kAct).breaker = BreakerPolicy{.windows = 2,
                                                       .window = 5ms,
                                                       .below_for = {},
                                                       .calls_min = 5,
                                                       .slow_after = 200ms,
                                                       .open_for = 5ms,
                                                       .probes = 4,
                                                       .probes_within = 50ms};
    return configuration;
  }
  static BreakerSnapshot breaker(Host& host) {
    for (const RouteSnapshot& route : host.snapshot().routes)
      if (route.name == kAct && !route.breakers.empty()) return route.breakers.front();
    return {};
  }
  static std::size_t count_running(Host& host) {
    const auto plugins = host.snapshot().plugins;
    return static_cast<std::size_t>(std::ranges::count_if(plugins, [](const auto& each) { return each.pid > 0; }));
  }
  /// Somebody of the actor, who may be gone already.
  static void kill_somebody(Host& host, std::mt19937& random) {
    std::vector<std::int64_t> pids;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.pid > 0) pids.push_back(each.pid);
    if (pids.empty()) return;
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pids[random() % pids.size()], 0));
    if (pidfd < 0) return;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    ::close(pidfd);
  }
};

TEST_P(BreakerStorm, every_call_has_its_outcome_and_in_the_end_all_calls_go_where_they_went) {
  const std::size_t rounds = scaled(500);
  Host host = start(guarded(GetParam()));
  std::atomic<bool> stop{false}, failing{false};
  std::atomic<std::uint64_t> calls{0}, failed{0}, late{0}, by_lts{0};
  std::mt19937 random{20'261'127};
  {
    std::vector<std::jthread> callers;
    callers.reserve(2);
    for (int i = 0; i < 2; ++i)
      callers.emplace_back([&] {
        auto client = host.client<actor::Client>().value();
        while (!stop) {
          const auto deed = failing ? Deed::Throw : Deed::Echo;
          const auto before = std::chrono::steady_clock::now();
          const auto reply = client.act(order({.deed = deed}), {.deadline = 5s});
          late += std::chrono::steady_clock::now() - before > kPatience ? 1 : 0;
          failed += reply ? 0 : 1;
          by_lts += reply && (*reply)->version() == 1 ? 1 : 0;
          ++calls;
        }
      });
    for (std::size_t round = 0; round < rounds; ++round) {
      failing = random() % 2 == 0;
      const auto until = calls + 20 + random() % 200;
      ASSERT_TRUE(await([&] { return calls >= until; })) << "in round " << round;
      if (random() % 3 == 0) kill_somebody(host, random);
      if (random() % 10 == 0) static_cast<void>(host.switch_to("actor", random() % 2 == 0 ? "1.0.0" : "2.0.0"));
    }
    failing = false;
    stop = true;
  }

  ASSERT_TRUE(await([&] { return host.switch_to("actor", "2.0.0").has_value(); }));
  ASSERT_TRUE(await([&] {
    const auto reply = host.client<actor::Client>().value().act(order({}), {.deadline = kPatience});
    return reply && (*reply)->version() == 2 && breaker(host).state == "Closed";
  }));
  EXPECT_EQ(late, 0u);
  EXPECT_GT(failed, 0u);
  EXPECT_GT(by_lts, 0u);
  EXPECT_TRUE(await([&] { return breaker(host).in_flight == 0; }));
  EXPECT_TRUE(await([&] { return host.snapshot().in_flight == 0; }));
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
  EXPECT_TRUE(await([&] { return count_running(host) == (GetParam() ? 2u : 1u); }));
}

INSTANTIATE_TEST_SUITE_P(With, BreakerStorm, testing::Bool(), [](const testing::TestParamInfo<bool>& which) {
  return which.param ? "a_warm_lts" : "a_cold_lts";
});

}  // namespace
}  // namespace shunt::test
