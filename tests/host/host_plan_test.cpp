/// The plan of a configuration is what its host makes of it: no more, and nothing that it left out.
#include "cast.hpp"

#include <shunt/host/plan.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <shared_memory.hpp>
#include <unistd.h>

namespace shunt::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kOverhead = 10;  ///< Of a sanitizer's shadow.
#else
constexpr double kOverhead = 1.2;
#endif

enum class Instances { One, Two };

/// Pools and lanes.
SharedMemory planned_memory(const MemoryPlan& plan, Instances instances) {
  SharedMemory result;
  for (const PlannedMemory& each : plan.parts)
    if (each.shared && (instances == Instances::Two || !each.second) && each.what != "plugin file" &&
        !each.what.starts_with("library "))
      result.emplace_back(each.what, each.bytes);
  std::ranges::sort(result);
  return result;
}

std::uint64_t planned(const MemoryPlan& plan, std::string_view what) {
  std::uint64_t bytes = 0;
  for (const PlannedMemory& each : plan.parts) bytes += each.what == what ? each.bytes : 0;
  return bytes;
}

/// Private memory of this process, in bytes.
std::uint64_t private_memory() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) << 10;
  return 0;
}

class Plan : public HostTest {
 protected:
  /// Nothing of it is what another has, or a default.
  static HostConfiguration odd() {
    auto first = actor();
    first.outbound = {{128, 5}, {40u << 10, 3}};
    first.inbound = {{512, 9}, {96u << 10, 5}};
    first.slots = 64;
    auto second = partner();
    second.outbound = {{1024, 77}};
    second.slots = 32;
    return with({first, second});
  }
};

TEST_F(Plan, of_the_pools_and_lanes_is_what_a_running_host_has_mapped) {
  const auto plan = plan_memory(odd());
  ASSERT_TRUE(plan) << to_string(plan.error());
  ASSERT_EQ(mapped_memory(::getpid()), SharedMemory{}) << "a plan makes none of them";

  const Host host = start(odd());

  const auto mapped = mapped_memory(::getpid());
  EXPECT_EQ(mapped, planned_memory(*plan, Instances::One));
  EXPECT_EQ(mapped.size(), 3u + 2u * 3u) << "three inbound pools, two lanes";
}

TEST_F(Plan, of_a_compartment_has_one_pool_for_all_its_plugins) {
  auto configuration = with({actor(), partner()});
  for (PluginConfiguration& each : configuration.plugins) each.compartment = "both";
  const auto plan = plan_memory(configuration);
  ASSERT_TRUE(plan) << to_string(plan.error());

  const Host host = start(std::move(configuration));

  EXPECT_EQ(mapped_memory(::getpid()), planned_memory(*plan, Instances::One));
}

TEST_F(Plan, of_the_plugins_files_is_what_a_running_host_keeps_of_them) {
  const auto plan = plan_memory(with({actor(), actor_2(), partner()})).value();
  std::vector<std::uint64_t> expected;
  for (const PlannedMemory& each : plan.parts)
    if (each.what == "plugin file") expected.push_back(each.bytes);
  std::ranges::sort(expected);

  const Host host = start({actor(), actor_2(), partner()});

  EXPECT_EQ(expected.size(), 3u);
  EXPECT_EQ(sealed_files(::getpid()), expected);
}

TEST_F(Plan, counts_a_second_instance_which_is_there_during_a_switch) {
  auto first = actor();
  first.handler_max = 1h;
  const auto plan = plan_memory(with({first, actor_2()})).value();
  Host host = start({first, actor_2()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  Status switched;
  std::jthread switching;
  {
    const Frozen frozen{host, "actor"};
    ASSERT_TRUE(orders.publish(order({})));  // which it has to finish before it goes
    switching = std::jthread{[&] { switched = host.switch_to("actor", "2.0.0"); }};

    EXPECT_TRUE(await([&] { return mapped_memory(::getpid()) == planned_memory(plan, Instances::Two); }));
  }
  switching.join();
  EXPECT_TRUE(switched) << to_string(switched.error());
  EXPECT_TRUE(await([&] { return mapped_memory(::getpid()) == planned_memory(plan, Instances::One); }));
}

TEST_F(Plan, takes_the_version_that_needs_most) {
  auto second = actor_2();
  second.outbound = {{1u << 20, 16}};

  const auto plan = plan_memory(with({actor(), second})).value();

  EXPECT_EQ(std::ranges::count(plan.parts, "outbound pool", &PlannedMemory::what), 2);
  EXPECT_GT(planned(plan, "outbound pool"), 32u << 20);
  EXPECT_EQ(planned(plan, "private memory"), 2 * SandboxLimits{}.memory_bytes);
  EXPECT_EQ(plan.total_bytes(), plan.shared_bytes() + plan.private_bytes());
}

TEST_F(Plan, of_a_backlog_is_what_it_takes_of_the_hosts_own_memory) {
  constexpr std::uint32_t kBacklog = 200'000;
  const auto configured = [](std::uint32_t backlog) {
    auto configuration = with({actor()});
    route(configuration, "stage.orders").backlog = backlog;
    return configuration;
  };
  const auto takes = [&](std::uint32_t backlog) {
    const std::uint64_t before = private_memory();
    const Host host = start(configured(backlog));
    return static_cast<double>(private_memory()) - static_cast<double>(before);
  };
  static_cast<void>(takes(0));  // what the first host takes for good

  const double taken = takes(kBacklog) - takes(0);

  const auto most = planned(plan_memory(configured(kBacklog)).value(), "backlog of stage.orders");
  const auto least = planned(plan_memory(configured(0)).value(), "backlog of stage.orders");
  const auto expected = static_cast<double>(most - least);
  EXPECT_GT(expected, 40e6);
  EXPECT_GT(taken, 0.8 * expected);
  EXPECT_LT(taken, kOverhead * expected);
}

TEST_F(Plan, refuses_what_a_host_refuses_in_the_same_words) {
  std::vector<HostConfiguration> wrong;
  wrong.push_back(with({actor(), actor()}));  // one file twice
  wrong.push_back(with({plugin("libhost_missing.so")}));
  wrong.push_back(with({actor(), plugin("libhost_contrary.so")}));  // another schema for one topic
  wrong.push_back(with({actor(), actor_2()}));
  for (PluginConfiguration& each : wrong.back().plugins) each.active = true;
  wrong.push_back(with({actor(), actor_2()}));
  wrong.back().plugins[1].compartment = "other";
  wrong.push_back(with({actor(), partner()}));
  wrong.back().plugins[0].inbound = {{512, 9}};
  for (PluginConfiguration& each : wrong.back().plugins) each.compartment = "both";
  wrong.push_back(with({actor()}));
  wrong.back().trust.allow_unsigned = false;
  wrong.push_back(with({actor()}));
  static_cast<void>(route(wrong.back(), "actor/acts"));
  wrong.push_back(with({actor()}));
  wrong.back().plugins[0].slots = 100;

  for (const HostConfiguration& each : wrong) {
    const auto plan = plan_memory(each);
    const auto host = Host::start(each);

    ASSERT_FALSE(plan);
    ASSERT_FALSE(host);
    EXPECT_EQ(plan.error(), host.error()) << to_string(plan.error());
  }
}

}  // namespace
}  // namespace shunt::test
