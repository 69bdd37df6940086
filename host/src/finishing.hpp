#pragma once
/// Plugins that get nothing new, or only what each other's work leads to, until they have finished what they have.

#include "supervisor.hpp"

#include <functional>
#include <string>
#include <vector>

namespace shunt::host {

inline constexpr std::chrono::milliseconds kFinishingTick{1};  ///< How often it is looked whether who was to has.

/// Who is to finish, how long that may take, and what happens then. On the control loop's thread.
struct Supervisor::Finishing {
  struct Part {
    std::string plugin;
    std::chrono::nanoseconds limit{};           ///< How long it may have work on end.
    EventLoop::Clock::time_point busy_since{};  ///< Since when it has.
  };
  std::vector<Part> parts{};
  bool asked = false;      ///< The limit is not `deadlines.drain`, but what somebody asked for.
  bool host_ends = false;  ///< Nobody waits for those who do not keep up.
  std::function<bool(const std::string&)> is_on{};               ///< False: this one is not waited for any more.
  std::function<void(const std::string&, const Error&)> late{};  ///< It had its time; it is not waited for any more.
  std::function<void()> finished{};                              ///< Once: nobody is waited for any more.
  EventLoop::Clock::time_point end{};                            ///< For all of it. Set by finish().

  /// One part each. Their own deadlines where `within` has none.
  void add(const std::string& plugin, const PluginVersion& version, Within within) {
    asked = within.has_value();
    parts.push_back({plugin, within.value_or(version.configuration.deadlines.drain)});
  }
};

}  // namespace shunt::host
