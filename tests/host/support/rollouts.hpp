#pragma once
/// Two versions of the clerk, one of which is to take over, and callers that go on meanwhile.

#include "cast.hpp"
#include "clerk_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <string_view>
#include <thread>
#include <vector>

namespace shunt::test {

inline constexpr std::int64_t kOlder = 100, kNewer = 110;

/// Calls without a break, as long as it lives, and counts which build has answered, and who has answered wrongly.
class Callers {
 public:
  explicit Callers(Host& host, std::string_view hints = {})
      : ask_(host.function<clerks::Question, clerks::Answer>("clerk/answer").value()),
        hints_(Hints::parse(hints).value()) {
    for (std::jthread& each : threads_)
      each = std::jthread{[this](const std::stop_token& stop) {
        while (!stop.stop_requested()) call();
      }};
  }
  [[nodiscard]] std::uint64_t answered(std::int64_t build) const {
    return (build == kOlder ? older_ : newer_).load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t wrong() const { return wrong_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  void call() {
    const auto answer =
        ask_([](auto& build) { return clerks::CreateQuestion(build, 7); }, {.deadline = 30s, .hints = hints_});
    if (answer && (*answer)->number() != 7) wrong_.fetch_add(1, std::memory_order_relaxed);
    auto& count = !answer ? failed_ : (*answer)->build() == kOlder ? older_ : newer_;
    count.fetch_add(1, std::memory_order_relaxed);
  }

  Function<clerks::Question, clerks::Answer> ask_;
  Hints hints_;
  std::atomic<std::uint64_t> older_{0}, newer_{0}, failed_{0}, wrong_{0};
  std::array<std::jthread, 2> threads_{};  // last: they use the others
};

class RolloutTest : public HostTest {
 protected:
  static PluginConfiguration older() { return plugin("clerk-first.so"); }
  static PluginConfiguration newer(const std::map<std::string, std::int64_t>& config = {}) {
    PluginConfiguration configuration = plugin("clerk-body.so");
    configuration.warm = true;
    for (const auto& [key, value] : config) configuration.config[key] = {value};
    return configuration;
  }
  static HostConfiguration clerks(PluginConfiguration newer) {
    HostConfiguration configuration = with({older(), std::move(newer)});
    for (const char* const name : {"clerk/*", "clerk.notes", "clerk.news"})
      route(configuration, name).wait = bus::Wait::Sleep;
    return configuration;
  }
  /// Stages that last as long as it takes to see something, and judge no times, which depend on the machine.
  static RolloutStage stage(RolloutStage stage) {
    stage.dwell = 0ns;
    stage.samples_min = 20;
    stage.gates.latency_max = stage.gates.cpu_max = 0;
    return stage;
  }
  static RolloutPlan plan(std::vector<RolloutStage> stages) {
    for (RolloutStage& each : stages) each = stage(each);
    RolloutPlan plan{.plugin = "clerk", .version = "1.1.0", .stages = std::move(stages)};
    plan.preflight.ready_min = 0ns;
    plan.preflight.lag_max = plan.preflight.lag_max * 1000;  // what waits for a moment, on a machine that is busy
    plan.confirmed = true;
    return plan;
  }
  static RolloutSnapshot rollout(Host& host) {
    const auto all = host.rollouts();
    return all.empty() ? RolloutSnapshot{} : all.front();
  }
  /// Of the newer version's instances, those that are not kept warm.
  static std::vector<std::int64_t> pids_of_newer(Host& host) {
    std::vector<std::int64_t> pids;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.version.starts_with("1.1.0") && !each.warm) pids.push_back(each.pid);
    return pids;
  }
  /// Which builds answer calls that begin now.
  static std::vector<std::int64_t> builds(Host& host, std::string_view hints = {}) {
    const auto ask = host.function<clerks::Question, clerks::Answer>("clerk/answer").value();
    std::map<std::int64_t, int> seen;
    for (int i = 0; i < 100; ++i) {
      const auto answer = ask([](auto& build) { return clerks::CreateQuestion(build, 7); },
                              {.deadline = 30s, .hints = Hints::parse(hints).value()});
      if (answer) ++seen[(*answer)->build()];
    }
    std::vector<std::int64_t> builds;
    builds.reserve(seen.size());
    for (const auto& [build, count] : seen) builds.push_back(build);
    return builds;
  }
  static std::size_t count_of(Host& host, HostEventKind kind) {
    const auto events = host.events();
    return static_cast<std::size_t>(std::ranges::count(events, kind, &HostEvent::kind));
  }
  using Builds = std::vector<std::int64_t>;
};

}  // namespace shunt::test
