/// What open topics cost a route that is not open: nothing that can be told from the noise between two hosts that have
/// none.
///
/// Timed: a round trip of `momentum/signal`, from the call to its reply. Three hosts take turns: two without a bridge,
/// whose difference is the noise, and one with a bridge that is connected, to iceoryx or to DDS. Caller and plugins
/// have a core each where there are two. Of each host the fastest tenth counts: what other processes of the machine do
/// is in the rest.

#include "momentum_client.hpp"
#include "private_mounts.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

namespace shunt::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr int kTurns = 60;
constexpr int kCalls = 400;

/// Those that we may run on.
std::vector<std::uint32_t> cpus() {
  cpu_set_t allowed;
  ::sched_getaffinity(0, sizeof(allowed), &allowed);
  std::vector<std::uint32_t> result;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) result.push_back(cpu);
  return result;
}

/// This thread alone, while it lives; those of hosts and bridges stay where they want.
class OnCpu {
 public:
  explicit OnCpu(std::uint32_t cpu) {
    ::sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof(one), &one);
  }
  ~OnCpu() { ::sched_setaffinity(0, sizeof(before_), &before_); }
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;

 private:
  cpu_set_t before_{};
};

Host start(Open open) {
  HostConfiguration configuration;
  configuration.launcher = LAUNCHER;
  configuration.trust.allow_unsigned = true;
  configuration.plugins.push_back({.path = MOMENTUM_4, .sandbox = {.cpus = {cpus().back()}}});
  configuration.dds.interfaces = {"lo"};
  configuration.dds.domain = 77;
  configuration.routes.push_back({.name = "market.bars", .open = open});
  configuration.routes.push_back({.name = "market.signals", .open = open});
  auto host = Host::start(std::move(configuration));
  if (!host) throw std::runtime_error(to_string(host.error()));
  return std::move(*host);
}

bool is_connected(Host& host) {
  for (const PluginSnapshot& each : host.snapshot().plugins)
    if (each.bridge && (each.says_state == "a RouDi of its own" || each.says_state == "domain 77 on lo")) return true;
  return false;
}

class Subject {
 public:
  explicit Subject(Open open) : host(start(open)), client_(host.client<momentum::Client>().value()) {}

  void take_turn() {
    for (int i = 0; i < kCalls; ++i) {
      const auto before = Clock::now();
      const auto reply =
          client_.signal([](auto& build) { return market::CreateBar(build, 1, 20001017, 100, 102, 99, 101, 5); });
      calls_.push_back(Clock::now() - before);
      ASSERT_TRUE(reply) << to_string(reply.error());
    }
  }
  [[nodiscard]] nanoseconds fastest_tenth() {
    std::ranges::sort(calls_);
    return calls_[calls_.size() / 10];
  }

  Host host;

 private:
  momentum::Client client_;
  std::vector<nanoseconds> calls_;
};

class OpenTopicsCost : public ::testing::TestWithParam<Open> {};

INSTANTIATE_TEST_SUITE_P(Worlds, OpenTopicsCost, ::testing::Values(Open::Iceoryx, Open::Dds), [](const auto& tested) {
  return std::string{tested.param == Open::Iceoryx ? "iceoryx" : "dds"};
});

TEST_P(OpenTopicsCost, a_route_that_is_not_open_is_as_fast_with_a_bridge_as_without) {
  std::array<Subject, 3> subjects{Subject{Open::No}, Subject{GetParam()}, Subject{Open::No}};
  const auto until = Clock::now() + std::chrono::seconds{30};
  while (!is_connected(subjects[1].host) && Clock::now() < until) std::this_thread::yield();
  ASSERT_TRUE(is_connected(subjects[1].host));
  const OnCpu caller{cpus().front()};

  for (int turn = 0; turn < kTurns; ++turn)
    for (std::size_t i = 0; i < subjects.size(); ++i) subjects[(i + static_cast<std::size_t>(turn)) % 3].take_turn();

  const auto without = subjects[0].fastest_tenth();
  const auto with = subjects[1].fastest_tenth();
  const auto again = subjects[2].fastest_tenth();
  std::printf("round trip without a bridge %ld ns, with one %ld ns, without again %ld ns\n",
              static_cast<long>(without.count()), static_cast<long>(with.count()), static_cast<long>(again.count()));
  const auto noise = std::chrono::abs(without - again);
  const auto slower = std::max(without, again);
  EXPECT_LE(with, slower + std::max(noise, slower / 10));
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }
