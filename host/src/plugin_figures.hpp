#pragma once
/// What a plugin's versions have done so far, as the control loop sees it: what a rollout is judged by.

#include "breaker.hpp"
#include "latencies.hpp"
#include "shadow_book.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shunt::host {

struct PluginVersion;

/// Everything only grows, but for an instance that is not there any more; and what a plugin can write.
struct PluginFigures {
  /// Of one version, over all functions of the plugin.
  struct Calls {
    CallCounts counts{};
    Latencies::Counts latencies{};
  };
  struct OfInstance {
    std::uint64_t instance = 0;
    const PluginVersion* version = nullptr;
    std::uint64_t messages = 0;  ///< Done, by its marks.
    std::chrono::nanoseconds cpu{};
    std::uint64_t quota_refusals = 0;
    std::uint64_t denials = 0;
  };

  std::map<const PluginVersion*, Calls> calls{};
  std::map<const PluginVersion*, std::uint64_t> crashes{};
  std::vector<OfInstance> instances{};
  std::map<const PluginVersion*, std::string>
      shunned{};                ///< On which route its breaker is open: it gets nothing there.
  ShadowBook::Counts shadow{};  ///< Of all that there were.
};

}  // namespace shunt::host
