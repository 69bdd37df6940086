#pragma once
/// What two versions have done since a stage of a rollout began. A value: figures come in, whoever looked at them.
///
///     RolloutMeter meter{supervisor.figures("momentum")};                 // a stage begins
///     meter.look(supervisor.figures("momentum"));                         // now and then: who dies is not seen later
///     judge(stage, meter.of(newer), meter.of(baseline), elapsed);

#include "plugin_figures.hpp"
#include "rollout_gates.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>

namespace shunt::host {

class RolloutMeter {
 public:
  explicit RolloutMeter(const PluginFigures& now) : begin_(now), last_(now) {
    for (const PluginFigures::OfInstance& each : now.instances) instances_[each.instance] = {each, each};
  }

  /// Figures of later.
  void look(PluginFigures now) {
    for (const PluginFigures::OfInstance& each : now.instances) {
      PluginFigures::OfInstance unborn;
      unborn.version = each.version;
      PluginFigures::OfInstance& last =
          instances_.try_emplace(each.instance, Instance{unborn, each}).first->second.last;
      const auto cpu = std::max(last.cpu, each.cpu);  // of one that ends it is not known any more
      last = each;
      last.cpu = cpu;
    }
    last_ = std::move(now);
  }

  [[nodiscard]] Measured of(const PluginVersion& version) const {
    Measured measured;
    const auto calls = since(last_.calls, begin_.calls, version);
    measured.calls = calls.counts;
    measured.p99 = calls.latencies.percentile(990);
    const auto number = [&](const auto& of) {
      const auto found = of.find(&version);
      return found == of.end() ? std::uint64_t{0} : found->second;
    };
    measured.crashes = grown(number(last_.crashes), number(begin_.crashes));
    measured.compared = last_.shadow.compared - begin_.shadow.compared;
    measured.differences = last_.shadow.differences - begin_.shadow.differences;
    for (const auto& [id, each] : instances_) {
      if (each.last.version != &version) continue;
      measured.messages += grown(each.last.messages, each.first.messages);
      measured.cpu += std::max(each.last.cpu - each.first.cpu, std::chrono::nanoseconds{0});
      measured.quota_refusals += grown(each.last.quota_refusals, each.first.quota_refusals);
      measured.denials += grown(each.last.denials, each.first.denials);
    }
    return measured;
  }

 private:
  struct Instance {
    PluginFigures::OfInstance first;
    PluginFigures::OfInstance last;
  };

  /// What a plugin has written may be less than it was.
  static std::uint64_t grown(std::uint64_t now, std::uint64_t then) noexcept { return now > then ? now - then : 0; }

  template <typename Calls>
  static PluginFigures::Calls since(const Calls& now, const Calls& begin, const PluginVersion& version) {
    const auto ends = now.find(&version);
    if (ends == now.end()) return {};
    const auto begins = begin.find(&version);
    if (begins == begin.end() || ends->second.counts.calls < begins->second.counts.calls) return ends->second;
    return {ends->second.counts - begins->second.counts, ends->second.latencies - begins->second.latencies};
  }

  PluginFigures begin_;
  PluginFigures last_;
  std::map<std::uint64_t, Instance> instances_;  // also those that have ended since
};

}  // namespace shunt::host
