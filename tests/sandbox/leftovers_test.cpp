/// Instances are started and killed by the hundred, in the full sandbox: host and machine have afterwards what they
/// had.
#include "tidy_host.hpp"

#include <shunt/host/doctor.hpp>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <leftovers.hpp>  // of the storms
#include <scale.hpp>
#include <waiting.hpp>

namespace shunt::test {
namespace {

constexpr std::size_t kInstances = 1000;
constexpr std::size_t kGrowthMax = 8u << 20;  ///< Of the host's memory, after the first tenth.

/// What the machine has, as far as this user may see it.
struct Inventory {
  std::size_t mounts = 0;  ///< Of this process's namespace.
  std::size_t namespaces = 0;
  std::size_t groups = 0;  ///< Of processes, for the control of resources.
};

std::size_t count_lines(const char* path) {
  std::ifstream file{path};
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

/// Of all kinds, that some process is in.
std::size_t count_namespaces() {
  std::set<std::string> names;
  std::error_code problem;  // processes end while we look, and others' may not be looked at
  for (const auto& process : std::filesystem::directory_iterator{"/proc"}) {
    if (std::isdigit(static_cast<unsigned char>(process.path().filename().string().front())) == 0) continue;
    for (std::filesystem::directory_iterator space{process.path() / "ns", problem}, end; !problem && space != end;
         space.increment(problem)) {
      const auto name = std::filesystem::read_symlink(space->path(), problem);
      if (!problem) names.insert(name);
    }
  }
  return names.size();
}

std::size_t count_groups() {
  std::size_t count = 0;
  std::error_code problem;
  for (std::filesystem::recursive_directory_iterator entry{"/sys/fs/cgroup", problem}, end; !problem && entry != end;
       entry.increment(problem))
    count += entry->is_directory(problem) ? 1 : 0;
  return count;
}

Inventory take_inventory() { return {count_lines("/proc/self/mountinfo"), count_namespaces(), count_groups()}; }

bool has_no_more(const Inventory& now, const Inventory& before) {
  return now.mounts <= before.mounts && now.namespaces <= before.namespaces && now.groups <= before.groups;
}

std::string to_string(const Inventory& inventory) {
  return fmt::format("{} mounts, {} namespaces, {} control groups", inventory.mounts, inventory.namespaces,
                     inventory.groups);
}

class KilledInstances : public TidyHost {
 protected:
  static HostConfiguration undaunted() {
    HostConfiguration configuration = TidyHost::configuration();
    const auto layers = examine_sandbox(LAUNCHER);
    // None may run in less than the machine can give.
    if (layers && std::ranges::all_of(*layers, &SandboxLayer::applied))
      configuration.sandbox_required = SandboxRequired::Full;
    configuration.plugins[0].restart = {.delay_first = std::chrono::nanoseconds{1},
                                        .delay_max = std::chrono::nanoseconds{1},
                                        .crashes_max = 1000,
                                        .crash_window = std::chrono::nanoseconds{1}};
    return configuration;
  }

  /// Waits for one that serves and is newer than `last`, and kills it.
  static bool kill_next(Host& host, std::uint64_t& last) {
    std::optional<PluginSnapshot> found;
    const bool serves = storm::eventually([&] {
      found = host.snapshot().plugins.at(0);
      return found->state == "Active" && found->pid > 0 && found->instance > last;
    });
    if (!serves) return false;
    last = found->instance;
    // Its number is its own until the host has seen it end, which only this brings about.
    return ::kill(static_cast<pid_t>(found->pid), SIGKILL) == 0;
  }
};

TEST_F(KilledInstances, leave_neither_host_nor_machine_with_more_than_they_had) {
  storm::adopt_orphans();
  { const Host warm_up = start(undaunted()); }  // libraries keep threads once they are used
  const storm::Census census = storm::take_census();
  const Inventory inventory = take_inventory();
  const std::size_t instances = scaled(kInstances);
  std::size_t resident_early = 0;
  std::size_t resident_late = 0;

  {
    Host host = start(undaunted());
    std::uint64_t last = 0;
    for (std::size_t killed = 1; killed <= instances; ++killed) {
      ASSERT_TRUE(kill_next(host, last)) << "after " << killed << " of them";
      if (killed == instances / 10) resident_early = storm::resident_bytes();
    }
    resident_late = storm::resident_bytes();
    std::printf("%zu instances; resident: %zu KiB after a tenth, %zu KiB at the end\n", instances,
                resident_early / 1024, resident_late / 1024);
  }

  EXPECT_TRUE(storm::eventually([&] { return storm::take_census() == census; }))
      << "before: " << storm::to_string(census) << "; after: " << storm::to_string(storm::take_census());
  EXPECT_TRUE(storm::eventually([&] { return has_no_more(take_inventory(), inventory); }))
      << "before: " << to_string(inventory) << "; after: " << to_string(take_inventory());
  EXPECT_LT(resident_late, resident_early + kGrowthMax);
}

}  // namespace
}  // namespace shunt::test
